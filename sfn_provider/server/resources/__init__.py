"""The resources of the service: state machines, executions, Map Runs, activities, tokens."""
