"""Every row of the table of operators, by the operator itself: its arguments, its calls, what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest

from sfn_provider.translate.native.operator_table import (
    OPERATORS,
    Argument,
    OperatorRow,
    Returned,
    assign_arguments,
    find_operator,
)
from sfn_provider.translate.native.operator_table.arguments import parse_path
from tests.fixtures.session.versions import AIRFLOW
from tests.translate.native.operator_table.services.operator_runs import (
    accepted_arguments,
    make_operator,
    operator_class,
    read,
    run_operator,
    run_state,
    written,
)
from tests.translate.native.operator_table.services.sample import Sample
from tests.translate.native.operator_table.services.samples import SAMPLES

AMAZON = tuple(int(part) for part in version("apache-airflow-providers-amazon").split(".")[:2])
SAMPLES_HERE = [sample for sample in SAMPLES if sample.since <= AMAZON]


def row_of(resource: str) -> OperatorRow:
    """The row, as the provider here has its operator."""
    row = find_operator(resource, AIRFLOW, AMAZON)
    if row is None:
        pytest.skip(f"{OPERATORS[resource].operator} is for amazon {OPERATORS[resource].since} and later")
    return row


def sent_by_state(sample: Sample) -> tuple[Any, Any]:
    """The calls that the state makes, and its result."""
    if sample.resource == "lambda":
        return run_state(sample.parameters["FunctionName"], sample.parameters["Payload"], sample.answers)
    return run_state(f"arn:aws:states:::{sample.resource}", sample.parameters, sample.answers)


def without_additions(actual: Any, expected: Any, added: dict[str, Any]) -> Any:
    """Remove what the row says the operator adds, where the state does not send it."""
    for place, value in added.items():
        name, _, inner = place.partition(".")
        if inner and isinstance(actual.get(name), dict):
            part = without_additions(actual[name], expected.get(name, {}), {inner: value})
            actual = actual | {name: part} if part or name in expected else without(actual, name)
        elif actual.get(name) == value and name not in expected:
            actual = without(actual, name)
    return actual


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def test_every_row_has_a_sample() -> None:
    assert {sample.resource for sample in SAMPLES} == set(OPERATORS)


@pytest.mark.parametrize("resource", OPERATORS)
def test_the_operator_has_the_arguments(resource: str) -> None:
    row = row_of(resource)
    names = {argument.name for argument in row.arguments.values()} | set(row.constants)
    names |= {name for name in (row.passthrough, row.deferrable) if name}
    assert names - accepted_arguments(operator_class(row)) == set()


def check(row: OperatorRow, sample: Sample) -> None:
    """Compare what the row's operator does with what the state does."""
    arguments = written(assign_arguments(row, sample.parameters))
    run = run_operator(row, arguments, sample.answers)
    state, result = sent_by_state(sample)
    [expected], [actual] = state.of(row.operation), run.calls.of(row.operation)
    assert {name for name, _ in run.calls.calls} <= {row.operation, *row.reads}
    known = set(map(str.casefold, sample.parameters))
    made = {name for name in (*run.calls.tokens[row.operation], "name") if name.casefold() not in known}
    changed = {name for name in expected if name.casefold() in set(map(str.casefold, row.changed))}
    expected = without(expected, *made, *changed) | sample.sent
    assert without_additions(without(actual, *made), expected, dict(row.added)) == expected
    for path, returned in row.returns.items():
        assert read(returned, run, arguments) == part(result, path), path


@pytest.mark.parametrize("sample", SAMPLES_HERE, ids=lambda sample: sample.id)
def test_the_operator_calls_what_the_state_calls(sample: Sample) -> None:
    check(row_of(sample.resource), sample)


WRONG_ROWS: list[tuple[str, str, Callable[[OperatorRow], OperatorRow]]] = [
    ("sqs:sendMessage text", "its own default", lambda row: replace(row, constants={})),
    ("ecs:runTask least", "its own launch type", lambda row: replace(row, constants=dict(row.constants) | {
        "launch_type": "EC2",
    })),
    ("aws-sdk:s3:copyObject", "its own ACL", lambda row: replace(row, constants={})),
    ("athena:startQueryExecution.sync defaults", "an addition that is not listed", lambda row: replace(row, added={})),
    ("glue:startJobRun", "waiting", lambda row: replace(row, constants={**row.constants, "wait_for_completion": True})),
    ("glue:startJobRun", "a call that is not listed", lambda row: replace(row, reads=())),
    ("glue:startJobRun", "another result", lambda row: replace(row, returns={"$.JobRunId": Returned(path=("Id",))})),
    ("sns:publish", "another argument", lambda row: replace(row, arguments=dict(row.arguments) | {
        "Subject": Argument("message_group_id"),
    })),
    ("ecs:runTask", "names of the Task", lambda row: replace(row, arguments=dict(row.arguments) | {
        "PlacementStrategy": Argument("placement_strategy"),
    })),
]  # fmt: skip


@pytest.mark.skipif(AMAZON < (9, 34), reason="the rows are as the newest providers have their operators")
@pytest.mark.parametrize(("sample", "what", "wrong"), WRONG_ROWS, ids=[f"{row[0]}: {row[1]}" for row in WRONG_ROWS])
def test_a_row_that_is_wrong_is_found(sample: str, what: str, wrong: Callable[[OperatorRow], OperatorRow]) -> None:
    [found] = [each for each in SAMPLES if each.id == sample]
    with pytest.raises((AssertionError, TypeError, KeyError)):
        check(wrong(row_of(found.resource)), found)


def part(result: Any, path: str) -> Any:
    for step in parse_path(path):
        result = result[step]
    return result


@pytest.mark.parametrize("sample", SAMPLES_HERE, ids=lambda sample: sample.id)
def test_templated_arguments_are_template_fields(sample: Sample) -> None:
    row = row_of(sample.resource)
    arguments = written(assign_arguments(row, sample.parameters))
    operator = make_operator(row, arguments)
    fields = [getattr(operator, name) for name in operator.template_fields]
    templated = {argument.name: argument.templated for argument in row.arguments.values()}
    templated |= {row.passthrough: row.passthrough_templated} if row.passthrough else {}
    for name, is_templated in templated.items():
        if name in arguments and not isinstance(arguments[name], (bool, int)):
            assert any(arguments[name] is value for value in fields) == is_templated, name
