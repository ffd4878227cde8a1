"""Redrives executions: those of their states that have not succeeded are executed again.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html: states keep their input, their
retries are counted anew, and of a Parallel or an inline Map only branches and iterations go on that have not succeeded.
"""

from __future__ import annotations

from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame, Moment


def begin_redrive(state: ExecutionState, frames: dict[int, Frame], at: float, redrives: int) -> None:
    """Take an execution back to what it was when it failed.

    Args:
        state: its state, as it has ended; it is changed.
        frames: the frames that were live then.
        at: the time, seconds since the epoch.
        redrives: how often it was redriven, with this time.
    """
    state.status, state.output, state.error, state.cause = "RUNNING", None, None, None
    state.is_oversized = False
    state.frames, state.pending = frames, {}
    state.moment = Moment(max(at, state.now))
    state.context["Execution"]["RedriveCount"] = redrives


def resume_frames(step: ExecutionStep, deadline: float, redrives: int) -> None:
    """Let each frame that has no branches or iterations of its own execute its state again."""
    execution = step.execution
    root = execution.root
    root.previous, previous = execution.event_ids, root.previous
    event = step.emit(root, "ExecutionRedriven", {"redriveCount": redrives}, chain=False)
    root.previous = previous
    step.wake(root, "execution", deadline)
    parents = {frame.parent for frame in execution.frames.values()}
    for frame in execution.in_order(execution.frames.values()):
        frame.retry_counts = [0] * len(frame.retry_counts)
        if frame.id not in parents:
            frame.progress, frame.children = None, []
            frame.previous = event
            step.schedule(frame)
