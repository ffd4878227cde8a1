"""Reads states for the native style: a Task's form, conditions, caught errors, retries."""
