"""The type of a row: an operator and the integration that it stands for, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from sfn_provider.translate.native.operator_table.kinds import Kind

Version = tuple[int, ...]
"""A version by its numbers: ``(9, 12)``."""

OLDEST: Final[Version] = (9, 0)
"""The oldest amazon provider that rows are checked with. The others: 9.8, 9.12, 9.22, 9.25, 9.34, 9.39."""

Outcome = Literal["succeeds", "waits"]
Source = Literal["value", "json", "constant", "argument"]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of an operator that a parameter of the API becomes.

    Args:
        name: the argument.
        kind: how the parameter's value is written there.
        templated: whether it is one of the operator's template fields. Where it is not, only a value that is known
            when the DAG is translated can be given.
    """

    name: str
    kind: Kind = "value"
    templated: bool = True


@dataclass(frozen=True, slots=True)
class Returned:
    """Where a path of Step Functions' result is found after the operator.

    Args:
        source: ``value``: in an XCom; ``json``: in an XCom that is JSON text; ``constant``: it is always the same
            where the operator succeeds; ``argument``: it is what an argument of the operator is.
        path: keys and indexes within the XCom.
        xcom: the key of the XCom.
        constant: the value of a constant.
        argument: the argument.
        optional: whether it is no part of the whole result, as it is there for some calls alone, or in AWS alone: not
            where the answer is mocked. A state that names it gets it.
    """

    source: Source = "value"
    path: tuple[str | int, ...] = ()
    xcom: str = "return_value"
    constant: Any = None
    argument: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class OlderProvider:
    """What differs with providers before a version.

    Args:
        before: the first version that has what the row says.
        without: arguments that the operator does not have.
        untemplated: arguments that are no template fields.
        constants: constants that replace the row's.
        required: further parameters without which the operator cannot be used.
        lost: further texts of what is lost.
        returns: paths of the result that are found elsewhere.
        reads: further operations that it calls.
        outcomes: further outcomes.
    """

    before: Version
    without: frozenset[str] = frozenset()
    untemplated: frozenset[str] = frozenset()
    constants: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    returns: Mapping[str, Returned] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """An operator of the amazon provider that stands for a Task.

    Args:
        resource: the integration and its pattern: ``glue:startJobRun.sync``.
        operator: the class: ``airflow.providers.amazon.aws.operators.glue.GlueJobOperator``.
        operation: the operation of the API that it calls: ``StartJobRun``.
        since: the first amazon provider with which it can be used.
        arguments: the arguments by the parameter of the Task; a dot leads into an object.
        constants: arguments that are always set, where no parameter sets them, so that the operator does no more
            and no less than the state.
        passthrough: the argument that takes all other parameters as a dict; None where there is none.
        passthrough_kind: how these parameters are written there.
        passthrough_templated: whether it is a template field.
        required: parameters without which the operator cannot be used.
        unsupported: parameters with which it cannot be used; where there is no passthrough, also all others.
        fixed: parameters that the operator always sends with one value: it can be used with that value.
        deferrable: the argument that makes the task wait in the triggerer; None where it does not wait.
        waits_only_deferred: it waits for the end only if ``deferrable`` is True.
        returns: where paths of the result are found. A path that is not there cannot be read.
        added: parameters of the call that the operator sends where the Task has none, as the service itself would
            take them.
        changed: a sentence on each parameter of the call that the operator sends differently; where that makes a
            difference, the sentence is in ``lost``, too.
        outcomes: what becomes of the operator with statuses of a job with which the state fails, where it does not
            fail as well: ``succeeds``, or ``waits`` until the task's execution_timeout. `for_provider` adds texts.
        reads: operations that it calls beside ``operation``; none of them changes anything.
        lost: what the operator does not do or does otherwise, a sentence each.
        older: what differs with older providers.
    """

    resource: str
    operator: str
    operation: str
    since: Version = OLDEST
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    passthrough: str | None = None
    passthrough_kind: Kind = "value"
    passthrough_templated: bool = True
    required: tuple[str, ...] = ()
    unsupported: frozenset[str] = frozenset()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    deferrable: str | None = None
    waits_only_deferred: bool = False
    returns: Mapping[str, Returned] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    older: tuple[OlderProvider, ...] = ()

    @property
    def class_name(self) -> str:
        """The name of the operator's class, without its module."""
        return self.operator.rpartition(".")[2]


_OUTCOME_TEXTS: Final[Mapping[Outcome, str]] = {
    "succeeds": "It succeeds where the job ends with {}.",
    "waits": "Where the job ends with {}, it waits on, until its execution_timeout.",
}


def for_provider(row: OperatorRow, amazon: Version) -> OperatorRow:
    """Return a row as an amazon provider has its operator, with a text for each outcome that is lost.

    Args:
        row: a row of the table.
        amazon: the provider's version.
    """
    for older in row.older:
        if amazon < older.before:
            row = _before(row, older)
    return replace(row, older=(), lost=(*row.lost, *outcome_texts(row.outcomes)))


def outcome_texts(outcomes: Mapping[str, Outcome]) -> tuple[str, ...]:
    """Return a sentence for each status of a job with which an operator does not fail as the state does.

    Args:
        outcomes: as of a row.
    """
    return tuple(_OUTCOME_TEXTS[outcome].format(status) for status, outcome in outcomes.items())


def _before(row: OperatorRow, older: OlderProvider) -> OperatorRow:
    arguments = {
        parameter: replace(argument, templated=argument.templated and argument.name not in older.untemplated)
        for parameter, argument in row.arguments.items()
        if argument.name not in older.without
    }
    constants = {name: value for name, value in row.constants.items() if name not in older.without}
    return replace(
        row,
        arguments=arguments,
        constants=constants | dict(older.constants),
        passthrough_templated=row.passthrough_templated and row.passthrough not in older.untemplated,
        unsupported=row.unsupported | frozenset(row.arguments).difference(arguments),
        required=(*row.required, *older.required),
        lost=(*row.lost, *older.lost),
        returns=dict(row.returns) | dict(older.returns),
        reads=(*row.reads, *older.reads),
        outcomes=dict(row.outcomes) | dict(older.outcomes),
    )
