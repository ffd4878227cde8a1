"""The hook, and what is known of executions without calling AWS."""
