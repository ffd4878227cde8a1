"""Translates ErrorEquals of Catch and Retry into conditions on the names of Python's exceptions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.model import Catcher, Map, Parallel, Retrier, Task
from sfn_provider.asl.placeholders import fill_partition
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.state_walk import inner_scopes, walk_states
from sfn_provider.translate.emit.literals import inline, string
from sfn_provider.translate.native.expressions.conditions import joined_conditions
from sfn_provider.translate.native.model import ERROR_NAME, NotNative
from sfn_provider.translate.native.states.api_shapes import find_call
from sfn_provider.translate.native.states.retries_and_timeouts import final_retriers

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

TIMEOUTS = ("AirflowTaskTimeout", "ReadTimeoutError", "TaskDeferralTimeout")
"""The classes of the errors by which Airflow, or botocore, ends what takes too long."""

_FUNCTION = "arn:aws:states:::lambda:invoke"
_TIMEOUT_NAMES = frozenset({"States.Timeout", "States.HeartbeatTimeout"})
_GENERAL = frozenset({"States.ALL", "States.TaskFailed"})


@dataclass(frozen=True, slots=True)
class ErrorTest:
    """Which errors a catcher takes, by the names that ``error_name`` of a DAG file gives them.

    Args:
        names: the names.
        excludes: whether it takes all but these.
    """

    names: tuple[str, ...] = ()
    excludes: bool = False

    @property
    def takes_all(self) -> bool:
        """Whether it takes every error."""
        return self.excludes and not self.names

    def condition(self, name: str, *, is_certain: bool = True) -> str:
        """Return the condition as Python.

        Args:
            name: the expression of the error's name.
            is_certain: whether there is an error; the expression is None where there is none.
        """
        found: list[str | None] = [*([] if is_certain or not self.excludes else [None]), *self.names]
        if not found:
            return str(self.excludes)
        if len(found) == 1:
            same, other = ("is", "is not") if found[0] is None else ("==", "!=")
            return f"{name} {other if self.excludes else same} {inline(found[0])}"
        listed = ", ".join("None" if entry is None else string(entry) for entry in found)
        return f"{name} {'not in' if self.excludes else 'in'} ({listed})"


def catches_all(state: Any) -> bool:
    """Whether the catchers of a state lead to one handler, and take every error that the state may have."""
    catchers: tuple[Catcher, ...] = getattr(state, "catch", ())
    return len({catcher.next for catcher in catchers}) == 1 and _takes_all(state, catchers[-1])


def _takes_all(state: Any, catcher: Catcher | Retrier) -> bool:
    names = set(catcher.error_equals)
    if "States.ALL" in names or ("States.TaskFailed" in names and "States.Timeout" in names):
        return True
    return "States.TaskFailed" in names and not _has_limit(state)


def _has_limit(state: Any) -> bool:
    """Whether a state, or one inside of it, may end with a timeout."""
    inside = [state, *(inner for _, scope in inner_scopes(state) for _, _, inner in walk_states(scope))]
    limits = ("timeout_seconds", "timeout_seconds_path", "heartbeat_seconds", "heartbeat_seconds_path")
    return any(getattr(inner, limit, None) is not None for inner in inside for limit in limits)


def check_catchers(state: Parallel | Map) -> None:
    """Raise `NotNative` where a Parallel or Map does not catch every error: its tasks' errors have no common name."""
    if state.catch and not catches_all(state):
        raise NotNative("its Catch names errors, and Airflow does not say which error failed a group of tasks")


def _called(state: Task) -> Resource:
    """Return what a Task calls; a function by its ARN is called as by the integration of Lambda."""
    resource = parse_resource(fill_partition(state.resource))
    return parse_resource(_FUNCTION) if resource.kind in ("lambda", "unknown") else resource


def names_error(state: Task) -> bool:
    """Whether the errors of a Task have the same names in a DAG: those of a Lambda function and of Lambda."""
    return _called(state).service == "lambda"


def name_expression(state: object) -> str:
    """Return the Python of the name of a state's error, which is in the variable ``error``."""
    is_function = isinstance(state, Task) and names_error(state)
    return f"{ERROR_NAME}(error)" if is_function else "type(error).__name__"


def error_tests(state: Task) -> tuple[ErrorTest, ...]:
    """Return which errors each catcher of a Task takes.

    Args:
        state: the Task.

    Raises:
        NotNative: an error that a catcher names cannot be told from others.
    """
    resource = _called(state)
    return tuple(_test(state, resource, catcher) for catcher in state.catch or ())


def final_errors(state: Task) -> tuple[ErrorTest, ...]:
    """Return which errors of a Task are not tried again, while others are.

    Raises:
        NotNative: an error that such a retrier names cannot be told from others.
    """
    resource = _called(state)
    return tuple(_test(state, resource, retrier) for retrier in final_retriers(state.retry))


def final_condition(state: Task) -> str:
    """Return the Python that says of ``error`` that the Task is not tried again; empty where it always is."""
    name = name_expression(state)
    tests = [test.condition(name) for test in final_errors(state)]
    return " or ".join(joined_conditions(tests, "or")) if tests else ""


def error_tests_of_call(state: object) -> tuple[ErrorTest, ...]:
    """Return which errors each catcher of a state takes that is one of several in a task.

    Raises:
        NotNative: an error that a catcher names cannot be told from others.
    """
    if isinstance(state, Parallel | Map):
        check_catchers(state)
    if not isinstance(state, Task):
        raise TypeError(f"{state!r} is no Task")
    tests = error_tests(state)
    if any(set(TIMEOUTS) & set(test.names) for test in tests):
        raise NotNative("its Catch distinguishes timeouts, which one of several calls of a task does not have")
    return tests


def _test(state: Task, resource: Resource, catcher: Catcher | Retrier) -> ErrorTest:
    if _takes_all(state, catcher):
        return ErrorTest(excludes=True)
    names = set(catcher.error_equals)
    limited = _has_limit(state)
    is_job = resource.pattern != "request_response"
    if is_job and limited and names & (_GENERAL | _TIMEOUT_NAMES):
        raise NotNative("its Catch distinguishes timeouts, and the operator does not say what ended the job")
    if "States.TaskFailed" in names:
        return ErrorTest(TIMEOUTS, excludes=True)
    found: list[str] = []
    for name in catcher.error_equals:
        if name in _TIMEOUT_NAMES:
            found += TIMEOUTS if limited else ()  # without a limit there is no timeout
        else:
            found.append(_python_name(name, resource, is_job))
    return ErrorTest(tuple(dict.fromkeys(found)))


def _python_name(name: str, resource: Resource, is_job: bool) -> str:
    """Return the name that an error has in a DAG: a function's ``errorType``, else the class of botocore's error.

    botocore makes a class for each error that a service's model names, and calls it as the model does.
    """
    integration, operation = find_call(resource)
    prefix, _, own = name.partition(".")
    names = integration.errors
    if prefix == names.prefix and own:
        for modelled in _modelled_errors(operation.service_model):
            if names.modelled(modelled) == own:
                return f"Lambda.{modelled}" if resource.service == "lambda" else modelled
    elif not name.startswith("States.") and not is_job and name not in _service_errors(resource, operation):
        return name
    raise NotNative(f"its Catch names {name}, which a DAG cannot tell from other errors")


def _service_errors(resource: Resource, operation: OperationModel) -> Collection[str]:
    """Return the names of Lambda's own errors, which those of a function are not told from."""
    return _modelled_errors(operation.service_model) if resource.service == "lambda" else ()


@lru_cache(64)
def _modelled_errors(service: ServiceModel) -> dict[str, None]:
    """Return the names of the errors that a service's model has, in its order: botocore goes through all its shapes."""
    return dict.fromkeys(str(shape.name) for shape in service.error_shapes)


def choosing_lines(choices: Iterable[tuple[ErrorTest, str]], name: str, width: int) -> list[str]:
    """Return the lines of a function that return for an error what belongs to the first test that takes it.

    Args:
        choices: the tests, each with the expression that is returned.
        name: the variable with the error's name, None where there is no error.
        width: columns of a line.
    """
    lines: list[str] = []
    found = [*choices]
    while len(found) > 1 and found[-1][0].takes_all and found[-2][1] == found[-1][1]:
        del found[-2]
    for test, returned in found:
        condition = test.condition(name, is_certain=False)
        if condition != "False":
            lines += [*_if_lines(condition, width), f"    return {returned}"]
    return lines


def _if_lines(condition: str, width: int) -> list[str]:
    """Return the lines of an ``if``; a long list of names has a line each."""
    if len(f"if {condition}:") <= width or "(" not in condition:
        return [f"if {condition}:"]
    head, _, listed = condition.partition("(")
    return [f"if {head}(", *(f"    {name}," for name in listed[:-1].split(", ")), "):"]
