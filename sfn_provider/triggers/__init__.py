"""Triggers: deferred waits in the triggerer."""
