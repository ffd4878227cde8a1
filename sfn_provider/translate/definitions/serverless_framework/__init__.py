"""Reads files of the Serverless Framework: state machines and their variables."""
