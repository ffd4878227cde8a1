"""Reads CloudFormation and SAM templates: state machines, their values and schedules."""
