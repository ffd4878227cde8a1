"""Facts about executions as pure functions: ARNs, statuses, outcomes, histories, AWS's errors."""
