"""Compares the parameters of two calls, and says of each difference what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.calls.api_calls import TOKEN, ApiCall, Around
from sfn_provider.compare.calls.parameters.member_differences import MemberDifference, find_member_differences
from sfn_provider.compare.calls.parameters.parameter_rules import REWRITES, RUN_NAMES, find_rule
from sfn_provider.compare.diff.run_specific_values import mask_event_number
from sfn_provider.formatting import cut

_NAMING: Final = re.compile(r"(?i)(name|arn|url|id|definition|queue|bucket|/key|cluster|model)\Z")
"""Members by which a call names what it is about."""

_TASK_TOKEN: Final = re.compile(r"arn:aws[\w-]*:states:[\w-]*:\d*:execution:[^\s\"'#]*#[\d./]+")
"""The task token of an execution without an Airflow around it: its ARN, and the place of the call."""

VerdictKind = Literal["equal", "addition", "run_specific", "different"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one difference between two calls is.

    Args:
        kind: ``equal``: the same by a rule; ``addition``: an operator's own; ``run_specific``: a value that differs
            between any two runs; ``different``.
        location: JSON pointer into the parameters.
        expected: the value of the machine; MISSING for none.
        actual: the value of the DAG; MISSING for none.
        why: the rule's reason; empty for a difference.
    """

    kind: VerdictKind
    location: str
    expected: Json
    actual: Json
    why: str = ""

    @property
    def member(self) -> str:
        """The member's name as people write it: ``Arguments.--run_date``."""
        return ".".join(split_pointer(self.location)) or "the parameters"

    @property
    def weight(self) -> int:
        """How much it counts when calls are matched: 10 where the calls name another thing, else 1."""
        texts = isinstance(self.expected, str) and isinstance(self.actual, str)
        return 10 if texts and self.location.count("/") == 1 and _NAMING.search(self.location) else 1

    def __str__(self) -> str:
        if self.kind == "different":
            return f"{self.member} is {shown(self.expected)} in the machine, {shown(self.actual)} in the DAG"
        if not self.location:
            return self.why
        value = shown(self.actual)
        if self.actual is MISSING:
            value = f"left out, {shown(self.expected)} in the machine"
        return f"{self.member} is {value}; {self.why}"


def shown(value: Json) -> str:
    """Return a value as JSON that fits into a sentence."""
    if value is MISSING:
        return "missing"
    return cut(json.dumps(value, ensure_ascii=False), 120)


def compare_parameters(expected: ApiCall, actual: ApiCall, run_specific: Mapping[str, Around]) -> list[Verdict]:
    """Compare two calls of the same operation.

    Args:
        expected: the machine's call.
        actual: the DAG's call.
        run_specific: JSON pointers into the machine's parameters to what differs between any two executions.
    """
    one, _ = _rewrite(expected)
    other, reasons = _rewrite(actual)
    verdicts = [Verdict("equal", "", MISSING, MISSING, why) for why in reasons]
    return verdicts + [_verdict(expected, found, run_specific) for found in find_member_differences(one, other)]


def distance(expected: ApiCall, actual: ApiCall, run_specific: Mapping[str, Around]) -> int:
    """Return how much two calls of one operation differ: 0 for not at all, from 10 on where they name other things."""
    verdicts = compare_parameters(expected, actual, run_specific)
    return sum(verdict.weight for verdict in verdicts if verdict.kind == "different")


def _rewrite(call: ApiCall) -> tuple[Json, list[str]]:
    parameters: Any = call.parameters
    reasons = []
    for rewrite in REWRITES:
        if (rewrite.service, rewrite.operation) == (call.service, call.operation) and isinstance(parameters, dict):
            changed = rewrite.change(parameters)
            if changed is not parameters:
                reasons.append(rewrite.why)
                parameters = changed
    return parameters, reasons


def _verdict(call: ApiCall, found: MemberDifference, run_specific: Mapping[str, Around]) -> Verdict:
    location, machine, dag = found.location, found.machine, found.dag
    around = run_specific.get(location)
    if around is not None and _is_between(dag, around):
        return Verdict("run_specific", location, machine, dag, "it differs between any two executions")
    if machine == TOKEN or (machine is MISSING and location in RUN_NAMES.get((call.service, call.operation), ())):
        return Verdict("run_specific", location, machine, dag, "a name or token that is another one in each run")
    if isinstance(machine, str) and isinstance(dag, str):
        if _without_tokens(machine) == _without_tokens(dag):
            return Verdict("run_specific", location, machine, dag, "a task token is another one in each run")
        if mask_event_number(machine) == mask_event_number(dag):
            return Verdict("run_specific", location, machine, dag, "the number of an event is up to the clock")
    if found.same_json:
        return Verdict("equal", location, machine, dag, "it is the same JSON, written in another way")
    rule = None if found.in_text else find_rule(call.service, call.operation, location, machine, dag)
    if rule is None:
        return Verdict("different", location, machine, dag)
    return Verdict(rule.kind, location, machine, dag, rule.why)


def _without_tokens(text: str) -> str:
    """Return a text without the places in the task tokens of simulated executions."""
    return _TASK_TOKEN.sub("<task token>", text)


def _is_between(value: Json, around: Around) -> bool:
    before, after = around
    if value is MISSING or value in (None, ""):
        return False
    if not isinstance(value, str):
        return around == ("", "")
    return len(value) > len(before) + len(after) and value.startswith(before) and value.endswith(after)
