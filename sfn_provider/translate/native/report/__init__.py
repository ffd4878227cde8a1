"""What a native DAG does differently than the state machine, and what became of each state."""
