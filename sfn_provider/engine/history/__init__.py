"""Histories: their events as GetExecutionHistory has them, their times, the states that they visit."""
