"""Serves the Step Functions API on this machine, for development and tests: executions run on the engine, in memory."""
