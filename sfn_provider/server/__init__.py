"""Serves the Step Functions API on this machine, for development and tests, in memory."""
