"""Defines the plan of a native DAG: nodes with Python text, groups, edges, imports and differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

How = Literal["operator", "taskflow", "sensor", "branch", "group", "segment", "exact", "folded"]
"""How a state appears in a DAG."""

Import = tuple[str, str]
"""A module and a name in it; the name is empty where the module itself is imported."""


INVOKE = "invoke_function"
"""The function of a file that calls a Lambda function, where a task calls some in a row."""

CLIENT_IN_ROLE = "client_in_role"
"""The function of a file that makes a client with the permissions of a role."""

SIGN = "sign"
"""The function of a file by which requests signs what it sends, with AWS Signature Version 4."""

API_RESULT = "api_result"
"""The function of a file that makes a Task's result of the response of an API."""

ATTRIBUTE = "attribute"
"""The function of a file that makes an attribute of DynamoDB of what may be a text."""

ATTRIBUTES = "attributes"
"""The function of a file that makes attributes of DynamoDB of the members of an object."""

ERROR_NAME = "error_name"
"""The function of a file that names an error as Step Functions does, but for the service in front."""

FINAL_ERROR = "raise AirflowFailException(str(error)) from error"
"""Ends a task after an error that is not tried again."""

WIDTH = 110
"""Columns of a line."""


class NotNative(Exception):
    """A state cannot be said without this package.

    Args:
        why: a sentence.
        state: the state; None where whoever catches the exception knows it.
    """

    def __init__(self, why: str, state: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.state = state


class NotPolling(NotNative):
    """A loop cannot be said as a sensor that asks again; it may be a function that goes round."""


def refusals_of(group: BaseExceptionGroup[NotNative]) -> list[NotNative]:
    """Return the exceptions of a group and of the groups in it."""
    found: list[NotNative] = []
    for error in group.exceptions:
        found += refusals_of(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions for which a file is made.

    Args:
        airflow: Airflow's, such as ``(3, 3, 2)``.
        amazon: the amazon provider's, such as ``(9, 39)``.
    """

    airflow: tuple[int, ...]
    amazon: tuple[int, ...]

    @property
    def is_2(self) -> bool:
        """Whether Airflow is of version 2."""
        return self.airflow < (3,)


@dataclass(frozen=True, slots=True)
class NativeOptions:
    """What a native DAG is made for.

    Args:
        versions: Airflow's and the provider's.
        templates: Jinja expressions, without braces, in place of fields of the execution's input, by name.
    """

    versions: Versions
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """What became of a state.

    Args:
        state: the state's name.
        type: its type.
        task_id: the id of its task; empty for a folded state.
        operator: the class of its operator; empty where there is none.
        how: how it appears in the DAG.
        why: the reason, where it is exact or where that is not plain; else empty.
        location: JSON pointer into the definition.
    """

    state: str
    type: str
    task_id: str
    operator: str
    how: How
    why: str = ""
    location: str = ""


@dataclass(slots=True)
class NativeNode:
    """A task.

    Args:
        state: the state that it runs, or beside which it stands.
        task_id: its id.
        variable: its variable.
        how: how the state appears.
        operator: the class of an operator; None for a TaskFlow function.
        arguments: arguments of the operator, or of the decorator; JSON values and `Code`.
        decorator: ``task``, ``task.branch`` or ``task.sensor`` for a TaskFlow function.
        parameters: the parameters of the function with the values that it is called with; None for what Airflow
            provides by name.
        body: the lines of the function.
        comment: the comment above it.
        imports: what it needs.
        trigger_rule: None for Airflow's default.
        group: ids of the task groups around, outermost first.
        why: the reason for it, for the report.
        expanded: the text of the list whose items are given to the function as ``item``, one task each.
    """

    state: str
    task_id: str
    variable: str
    how: How
    operator: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    decorator: str = ""
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    body: tuple[str, ...] = ()
    comment: str | None = None
    imports: frozenset[Import] = frozenset()
    trigger_rule: str | None = None
    group: tuple[str, ...] = ()
    why: str = ""
    expanded: str | None = None


@dataclass(slots=True)
class NativeDag:
    """A DAG without this package.

    Args:
        nodes: the tasks in the order in which they run.
        edges: pairs of nodes, by position in ``nodes``.
        groups: the variables and names of the task groups by id.
        constants: the values of the constants at the top, by name.
        entries: what became of each state.
        findings: the differences to the state machine.
    """

    nodes: list[NativeNode] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)

    def upstream(self) -> list[list[int]]:
        """Return for each node the positions of the nodes before it."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for left, right in self.edges:
            found[right].append(left)
        return found

    def downstream(self) -> list[list[int]]:
        """Return for each node the positions of the nodes after it."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for left, right in self.edges:
            found[left].append(right)
        return found
