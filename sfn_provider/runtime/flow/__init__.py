"""Reads the flow of a DAG's states, and checks that arguments and edges agree."""
