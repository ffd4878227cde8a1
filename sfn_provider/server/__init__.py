"""Serves the Step Functions API on this machine, in memory, for development and tests."""
