"""Waits for many executions and jobs together, in the triggerer: pollers, quotas, status queues."""
