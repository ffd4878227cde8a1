"""An execution's history events: read, counted and formatted for a task's log."""
