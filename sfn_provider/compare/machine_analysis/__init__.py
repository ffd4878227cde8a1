"""What executions of a state machine can reach, and what its states read."""
