"""Replays executions that AWS has run."""
