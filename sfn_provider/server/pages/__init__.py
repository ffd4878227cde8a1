"""Shows what is on the local server: state machines, executions, their graphs and histories."""
