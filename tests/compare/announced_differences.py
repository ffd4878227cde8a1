"""Says which finding of a translation announces a difference between a native DAG and its state machine.

The report of a translation names by a code what a state does differently. Each code can cause some kinds of
differences, in the state itself or in those that come after it; no other difference is announced by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfn_provider.compare.calls.findings import Finding, FindingKind
from sfn_provider.compare.dag_comparison import CaseComparison
from sfn_provider.translate import Translation

OUTCOMES: tuple[FindingKind, ...] = ("different outcome", "different failure")
ROUTES: tuple[FindingKind, ...] = (*OUTCOMES, "missing call", "unexpected call", "wrong order")


@dataclass(frozen=True)
class Announcement:
    """What a code announces.

    Args:
        kinds: the kinds of differences.
        later: whether also in states that the execution enters after the state itself.
    """

    kinds: tuple[FindingKind, ...]
    later: bool = False


ANNOUNCEMENTS: dict[str, Announcement] = {
    "RETRY_BY_NAME": Announcement(("number of calls", *ROUTES)),
    "RETRIERS": Announcement(("number of calls", *ROUTES)),
    "BLOCKING_LOOP": Announcement(("number of calls",)),
    "POLLING": Announcement(("number of calls", *OUTCOMES)),
    "TASK_TIMEOUT": Announcement(OUTCOMES),
    "CATCH_BY_NAME": Announcement(ROUTES, later=True),
    "CATCH_RUN_STATE": Announcement(("different outcome",), later=True),
    "ERROR_CONTENTS": Announcement(("different parameter", *ROUTES), later=True),
    "COMPARISON_TYPES": Announcement(ROUTES, later=True),
    "OPERATOR_PARAMETERS": Announcement(("different parameter",)),
    "TEXT_OF_VALUES": Announcement(("different parameter",)),
    "RESULT_PARTS": Announcement(("different parameter", *ROUTES), later=True),
    "RESULT_TIMES": Announcement(("different parameter",), later=True),
    "RESULT_METADATA": Announcement(("different parameter",), later=True),
    "ATTRIBUTE_NAMES": Announcement(("different parameter",), later=True),
    "FOLDED": Announcement(ROUTES, later=True),
    "ALWAYS_FAILS": Announcement(ROUTES, later=True),
    "CONTEXT_OBJECT": Announcement(("different parameter",), later=True),
    "HEARTBEAT": Announcement(OUTCOMES),
    "PLACEHOLDER_FUNCTION": Announcement(("different parameter",)),
    "ACTIVITY": Announcement(ROUTES),
    "UNSUPPORTED_INTEGRATION": Announcement(ROUTES),
    "TASK_TOKEN": Announcement(ROUTES),
}


def announcing_code(finding: Finding, case: CaseComparison, translation: Translation) -> str | None:
    """Return the code by which the report of a translation announces a difference; None for a silent one.

    Args:
        finding: the difference.
        case: the case in which it was found.
        translation: the translation.
    """
    if finding.kind == "not comparable":  # the comparison itself says so
        return "NOT_COMPARABLE"
    concerned = _concerned_states(finding, translation)
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in case.execution.events
        if "stateEnteredEventDetails" in event
    ]
    for announced in translation.findings:
        meaning = _meaning(announced.code)
        if announced.state is None or meaning is None or finding.kind not in meaning.kinds:
            continue
        if announced.state in concerned or (meaning.later and announced.state in entered):
            return announced.code
    return None


def _meaning(code: str) -> Announcement | None:
    if code.startswith("OPERATOR_") and code not in ANNOUNCEMENTS:  # what an operator leaves out, by its name
        return Announcement(("different parameter", *OUTCOMES))
    return ANNOUNCEMENTS.get(code)


def _concerned_states(finding: Finding, translation: Translation) -> set[str]:
    """The states that a difference is about: its own, and those of its task."""
    return {state for state in (finding.state, *_states_of(finding.task_id, translation)) if state is not None}


def _states_of(task_id: str | None, translation: Translation) -> Iterator[str]:
    yield from (entry.state for entry in translation.tasks if entry.task_id == task_id and task_id)
