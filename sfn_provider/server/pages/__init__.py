"""Shows what is on the local server as pages: state machines, executions, an execution's graph and history."""
