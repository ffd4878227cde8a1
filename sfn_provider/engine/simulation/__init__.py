"""Runs a whole machine in this process, with mocks in place of AWS."""
