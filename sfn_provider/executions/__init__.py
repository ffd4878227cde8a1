"""Facts about executions as pure functions: ARNs, names, statuses, outcomes, histories, AWS's errors."""
