"""The exact style: a task for each state, whose operator runs the engine; its passes and its limitations."""
