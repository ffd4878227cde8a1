"""The exact style: a task for each state that runs it on the engine; passes and limitations."""
