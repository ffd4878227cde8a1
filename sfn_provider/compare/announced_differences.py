"""Says which differences of a native DAG the report of its translation has announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.model import StateMachine, walk_states
from sfn_provider.compare.calls.findings import Finding, FindingKind
from sfn_provider.translate import translate
from sfn_provider.translate.plan.graph import successors

if TYPE_CHECKING:
    from sfn_provider.compare.dag_comparison import DagComparison
    from sfn_provider.translate import Translation

_RETRIES = ("RETRY_BY_NAME", "RETRIERS", "POLLING", "BLOCKING_LOOP")
_PARAMETERS = ("OPERATOR_", "TEXT_OF_VALUES", "CONTEXT_OBJECT", "PLACEHOLDER_FUNCTION", "PLACEHOLDER")
_RESULTS = ("RESULT_", "ERROR_CONTENTS", "ATTRIBUTE_NAMES", "FOLDED", "MAP_")
_FLOW = ("RETRY_BY_NAME", "RETRIERS", "CATCH_", "COMPARISON_TYPES", "ALWAYS_FAILS", "TASK_TIMEOUT", "MACHINE_TIMEOUT")

_OF_THE_STATE: Mapping[FindingKind, tuple[str, ...]] = {
    "number of calls": (*_RETRIES, "MAP_"),
    "different parameter": (*_PARAMETERS, *_RESULTS),
    "wrong order": ("MAP_",),
    "missing call": ("",),
    "unexpected call": ("",),
    "different outcome": ("",),
    "different failure": ("",),
    "not comparable": ("",),
}
"""How the codes about a state begin that announce a difference of a kind there; ``""`` is for every code."""

_OF_AN_EARLIER_STATE: Mapping[FindingKind, tuple[str, ...]] = {
    "different parameter": _RESULTS,
    "missing call": (*_FLOW, *_RESULTS),
    "unexpected call": (*_FLOW, *_RESULTS),
    "different outcome": (*_FLOW, *_RESULTS),
    "different failure": (*_FLOW, *_RESULTS),
}
"""The same for codes about a state that may come before it."""


class AnnouncedDifferences:
    """What the report of a native translation has announced.

    Args:
        translation: the translation.
    """

    def __init__(self, translation: Translation) -> None:
        self._findings = [found for found in translation.findings if found.effect != "looks"]
        self._states = {entry.task_id: entry.state for entry in reversed(translation.tasks) if entry.task_id}
        self._before = _states_before(translation.plan.machine)

    def codes(self, difference: Finding) -> tuple[str, ...]:
        """Return the codes that announce a difference; none for one that was not announced."""
        state = difference.state or self._states.get(difference.task_id or "")
        here, earlier = _OF_THE_STATE.get(difference.kind, ()), _OF_AN_EARLIER_STATE.get(difference.kind, ())
        before = self._before.get(state, frozenset()) if state is not None else frozenset()
        found = [
            finding.code
            for finding in self._findings
            if (finding.state == state and finding.code.startswith(here))
            or (finding.state in before and finding.code.startswith(earlier))
        ]
        return tuple(dict.fromkeys(found))

    def unannounced(self, differences: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the differences that were not announced."""
        return tuple(difference for difference in differences if not self.codes(difference))


def unannounced_differences(
    definition: str | dict[str, Any], comparison: DagComparison, *, airflow_version: str | None = None
) -> tuple[Finding, ...]:
    """Return what a comparison has found that the report of the machine's native translation does not announce.

    Args:
        definition: the definition, as text or as an object.
        comparison: the comparison of a DAG with it, as `sfn_provider.compare.compare_dag` makes it.
        airflow_version: as for `sfn_provider.translate.translate`.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
    """
    translation = translate(definition, dag_id="announced", style="native", airflow_version=airflow_version)
    return AnnouncedDifferences(translation).unannounced(comparison.findings)


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
        pending = [name]
        reached: set[str] = set()
        while pending:
            for target in after.get(pending.pop(), ()):
                if target not in reached:
                    reached.add(target)
                    pending.append(target)
        for target in reached:
            before.setdefault(target, set()).add(name)
    return {name: frozenset(found) for name, found in before.items()}
