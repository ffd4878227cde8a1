"""Waits for many executions and jobs at once in the triggerer, within AWS's API quotas."""
