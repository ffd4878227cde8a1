"""Parses JSONata into syntax trees, and finds what they refer to."""
