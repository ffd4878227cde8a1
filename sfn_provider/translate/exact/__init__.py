"""The exact style: a state becomes a task that runs it on the engine."""
