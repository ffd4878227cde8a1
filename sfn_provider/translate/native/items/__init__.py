"""The states of a Map's item as the body of one Python function."""
