"""Says which differences of a native DAG the report of its translation has announced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfn_provider.asl.document import Definition
from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.compare.calls.call_findings import CallFinding, FindingKind
from sfn_provider.reachability import reached
from sfn_provider.translate import translate
from sfn_provider.translate.plan.graph import successors

if TYPE_CHECKING:
    from sfn_provider.compare.dag_comparison import CaseComparison, DagComparison
    from sfn_provider.translate import Translation

Effect = FindingKind | Literal["green run", "red run"]
"""A kind of differences; a different outcome is a ``green run`` where the execution fails, else a ``red run``."""


@dataclass(frozen=True)
class Announcement:
    """What a code says of a state.

    Args:
        here: what may differ at the state itself, or at what is inside of it.
        later: what may differ at states that may come after it.
        only: the differences other than ``number of calls`` and ``different parameter`` are announced where, in the
            same case, the state's task is called more or less often (``repeated``), its task, or one inside of it, has
            failed (``failed``), the execution has caught an error of the state (``caught``), or it has failed in the
            state by ``States.Runtime`` (``refused``).
    """

    here: tuple[Effect, ...] = ()
    later: tuple[Effect, ...] = ()
    only: Literal["repeated", "failed", "caught", "refused"] | None = None


_PARAMETER = Announcement(("different parameter",))
_LATER_PARAMETER = Announcement(later=("different parameter",))
_NOT_CALLED = Announcement(("missing call", "red run", "different failure"), ("missing call",))
_RETRIED: tuple[Effect, ...] = ("number of calls", "green run", "different failure")
_OTHER_WAY: tuple[Effect, ...] = ("unexpected call", "missing call", "green run", "red run", "different failure")
"""What follows where one side goes on, and the other takes the way of an error."""
_STOPPED_LATE = Announcement(("unexpected call", "number of calls"), only="failed")

ANNOUNCEMENTS: Mapping[str, Announcement] = {
    "RETRY_BY_NAME": Announcement(_RETRIED, _OTHER_WAY, only="repeated"),
    "RETRIERS": Announcement((*_RETRIED, "red run"), _OTHER_WAY, only="repeated"),
    "POLLING": Announcement(("number of calls", "red run"), ("missing call",), only="failed"),
    "BLOCKING_LOOP": Announcement(("number of calls",)),
    "LOOP_IN_ONE_TASK": Announcement(("number of calls",)),
    "MAP_FAILURE": _STOPPED_LATE,
    "DISTRIBUTED_MAP": Announcement(("different failure",), only="failed"),
    "PARALLEL_FAILURE": _STOPPED_LATE,
    "ITEM_IN_ORDER": Announcement(("wrong order", "missing call"), only="failed"),
    "CATCH_RUN_STATE": Announcement(("red run",), only="caught"),
    "CATCH_RUNTIME": Announcement(("green run",), ("unexpected call",), only="failed"),
    "COMPARISON_TYPES": Announcement(("red run", "different failure"), ("missing call",), only="failed"),
    "MEMBER_OF_EACH": Announcement(("red run", "different failure"), ("missing call",), only="failed"),
    "FOLDED": Announcement(("green run", "different failure"), ("unexpected call",)),
    "ERROR_CONTENTS": _LATER_PARAMETER,
    "CONTEXT_OBJECT": Announcement(("different parameter",), ("different parameter",)),
    "OPERATOR_PARAMETERS": _PARAMETER,
    "JSON_TEXT": _PARAMETER,
    "TEXT_OF_VALUES": Announcement(
        ("different parameter", "unexpected call", "green run", "different failure"), ("unexpected call",), "refused"
    ),
    "PLACEHOLDER_FUNCTION": _PARAMETER,
    "RESULT_PARTS": _LATER_PARAMETER,
    "RESULT_TIMES": _LATER_PARAMETER,
    "RESULT_METADATA": _LATER_PARAMETER,
    "ATTRIBUTE_NAMES": _LATER_PARAMETER,
    "API_REQUEST": _LATER_PARAMETER,
    "OPERATOR_ECSRUNTASK": Announcement(("different parameter", "red run"), only="failed"),
    "OPERATOR_EMRSERVERLESSSTARTJOB": Announcement(("unexpected call",)),
    "OPERATOR_EMRTERMINATEJOBFLOW": Announcement(("red run",), only="failed"),
    "OPERATOR_REDSHIFTDATA": Announcement(("red run",), ("missing call",), only="failed"),
    "OPERATOR_S3DELETEOBJECTS": Announcement(("red run",), only="failed"),
    "ACTIVITY": _NOT_CALLED,
    "UNSUPPORTED_INTEGRATION": _NOT_CALLED,
    "TASK_TOKEN": _NOT_CALLED,
}
"""What each code announces. No other difference is announced by it."""

_EXPRESS = "EXPRESS"
"""The code of the machine that announces that its executions end after five minutes, and DAG runs do not."""

_AFTER_THE_END: frozenset[Effect] = frozenset({"green run", "unexpected call", "number of calls"})
"""What a DAG run does beyond an execution that has timed out."""

_OPERATOR = "OPERATOR_"
"""Starts the codes of what single operators do beside or instead of the call."""

NOT_COMPARABLE = "NOT_COMPARABLE"
"""Stands for a code where the comparison itself says that it cannot compare a state."""


class AnnouncedDifferences:
    """What the report of a native translation has announced.

    Args:
        translation: the translation.
    """

    def __init__(self, translation: Translation) -> None:
        self._findings = [found for found in translation.findings if found.effect != "looks" and found.state]
        self._is_express = any(found.code == _EXPRESS for found in translation.findings)
        self._states: dict[str, list[str]] = {}
        for entry in translation.tasks:
            if entry.task_id:
                self._states.setdefault(entry.task_id, []).append(entry.state)
        machine = translation.plan.machine
        self._around = {names[-1]: names for _, names, _ in walk_states(machine)}
        self._locations = {names[-1]: location for location, names, _ in walk_states(machine)}
        self._before = _states_before(machine)

    def codes(self, difference: CallFinding, case: CaseComparison) -> tuple[str, ...]:
        """Return the codes that announce a difference; none for one that was not announced.

        Args:
            difference: the difference.
            case: the case in which it was found.
        """
        if difference.kind == "not comparable":
            return (NOT_COMPARABLE,)
        effect = _effect(difference, case)
        if self._is_express and case.execution.status == "TIMED_OUT" and effect in _AFTER_THE_END:
            return (_EXPRESS,)
        if effect == "red run":
            return self._codes_of_red_run(case)
        concerned = {*filter(None, [difference.state]), *self._states.get(difference.task_id or "", ())}
        return tuple(dict.fromkeys(self._announcing(effect, concerned, case)))

    def by_difference(self, cases: Iterable[CaseComparison]) -> dict[CallFinding, tuple[str, ...]]:
        """Return each difference of some cases with its codes; without codes where one case has it unannounced."""
        found: dict[tuple[str | None, ...], tuple[CallFinding, tuple[str, ...]]] = {}
        for case in cases:
            for difference in case.findings:
                codes = self.codes(difference, case)
                if difference.key not in found or (found[difference.key][1] and not codes):
                    found[difference.key] = difference, codes
        return dict(found.values())

    def unannounced(self, cases: Iterable[CaseComparison]) -> tuple[CallFinding, ...]:
        """Return the differences of some cases that were not announced; what several cases show, once."""
        return tuple(difference for difference, codes in self.by_difference(cases).items() if not codes)

    def _announcing(self, effect: Effect, concerned: set[str], case: CaseComparison) -> Iterator[str]:
        around = {name for state in concerned for name in self._around.get(state, (state,))}
        before = {name for state in concerned for name in self._before.get(state, ())}
        visited = {*_entered(case), *self._ran(case)}
        for finding in self._findings:
            state = str(finding.state)
            meaning = _meaning(finding.code)
            applies = (effect in meaning.here and state in around) or (effect in meaning.later and state in before)
            if applies and state in visited and self._holds(meaning, effect, state, case):
                yield finding.code

    def _codes_of_red_run(self, case: CaseComparison) -> tuple[str, ...]:
        """Return the codes by which all tasks that failed may fail where the execution does not."""
        codes: list[str] = []
        for task in case.dag.failed:
            states = self._states.get(task.task_id)
            if states is None:
                continue  # it stands beside a state, and fails as another task has failed
            found = list(self._announcing("red run", set(states), case))
            if not found:
                return ()
            codes += found
        return tuple(dict.fromkeys(codes))

    def _holds(self, meaning: Announcement, effect: Effect, state: str, case: CaseComparison) -> bool:
        if meaning.only is None or effect in ("number of calls", "different parameter"):
            return True
        if meaning.only == "repeated":
            return any(found.kind == "number of calls" and found.state == state for found in case.findings)
        if meaning.only == "caught":
            reached = case.coverage.reached if case.coverage is not None else ()
            return any(part.kind == "catcher" and part.at == self._locations[state] for part in reached)
        if meaning.only == "refused":
            return case.execution.error == "States.Runtime" and [state] == list(_entered(case))[-1:]
        failed = {name for task in case.dag.failed for name in self._states.get(task.task_id, ())}
        return any(state in self._around.get(name, ()) for name in failed)

    def _ran(self, case: CaseComparison) -> Iterator[str]:
        for task in case.dag.tasks:
            if task.state in ("success", "failed"):
                yield from self._states.get(task.task_id, ())


def unannounced_differences(
    definition: Definition, comparison: DagComparison, *, airflow_version: str | None = None
) -> tuple[CallFinding, ...]:
    """Return what a comparison has found that the report of the machine's native translation does not announce.

    Args:
        definition: the definition as text, as an object, opened, or parsed.
        comparison: the comparison of a DAG with it, as `sfn_provider.compare.compare_dag` makes it.
        airflow_version: as for `sfn_provider.translate.translate`.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
    """
    translation = translate(definition, dag_id="announced", style="native", airflow_version=airflow_version)
    return AnnouncedDifferences(translation).unannounced(comparison.cases)


def _meaning(code: str) -> Announcement:
    default = _PARAMETER if code.startswith(_OPERATOR) else Announcement()
    return ANNOUNCEMENTS.get(code, default)


def _effect(difference: CallFinding, case: CaseComparison) -> Effect:
    if difference.kind != "different outcome":
        return difference.kind
    return "red run" if case.execution.status == "SUCCEEDED" else "green run"


def _entered(case: CaseComparison) -> Iterator[str]:
    for event in case.execution.events:
        details = event.get("stateEnteredEventDetails")
        if details is not None:
            yield details["name"]


def _states_before(machine: StateMachine) -> dict[str, frozenset[str]]:
    """Return for each state those from which an execution may come to it, also into or out of a Parallel or Map."""
    after: dict[str, set[str]] = {}
    for _, names, state in walk_states(machine):
        after.setdefault(names[-1], set()).update(successors(state))
        for around in names[:-1]:  # what is inside comes before what follows, and after what precedes
            after.setdefault(around, set()).add(names[-1])
            after[names[-1]].add(around)
    before: dict[str, set[str]] = {name: set() for name in after}
    for name in after:
        for target in reached(after[name], after):
            before.setdefault(target, set()).add(name)
    return {name: frozenset(found) for name, found in before.items()}
