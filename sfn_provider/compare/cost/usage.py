"""The billed usage of one run of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """One run.

    Args:
        transitions: state transitions, each retry counted as one more, those of a Map's child executions included.
        seconds: how long the execution takes on Step Functions.
        task_seconds: for each task instance of the DAG that runs how long it holds a worker, in seconds; waiting by
            deferral holds none.
        express: None where the machine could be an Express one; else the reason why not.
        memory_mb: memory of an Express execution, in MB.
    """

    transitions: int
    seconds: float
    task_seconds: tuple[float, ...]
    express: str | None = None
    memory_mb: int = 64

    @property
    def worker_seconds(self) -> float:
        """Seconds for which the run's tasks hold worker slots, in all."""
        return sum(self.task_seconds)
