"""Catch: which errors it takes, and what it hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.execution import Execution
from tests.fixtures.machines.distributed_maps import events
from tests.fixtures.machines.engine import (
    entered,
    group,
    inline_map,
    jsonata,
    outcome,
    parallel,
    returns,
    task,
    throws,
    told,
)

ERROR = {"Error": "Broken", "Cause": "told"}
INPUT = {"id": 7, "list": [1]}


def catcher(*errors: str, **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": list(errors) or ["States.ALL"], "Next": "Caught", **fields}


def caught(state: dict[str, Any], *catchers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A machine of one state whose errors lead to Caught, or to Other where a catcher says so."""
    targets = {each["Next"]: {"Type": "Pass"} for each in catchers}
    return group({"State": {**state, "Catch": list(catchers)}, **targets}, **fields)


def run(*catchers: dict[str, Any], error: str | None = "Broken", **fields: Any) -> Execution:
    return simulate(caught(task(), *catchers, **fields), INPUT, mocks={"State": throws(error)})


@dataclass(frozen=True)
class Case:
    catcher: dict[str, Any]
    output: Any


RESULT_PATHS = {
    "none": Case({}, ERROR),
    "root": Case({"ResultPath": "$"}, ERROR),
    "beside the input": Case({"ResultPath": "$.error"}, {**INPUT, "error": ERROR}),
    "over a member": Case({"ResultPath": "$.id"}, {**INPUT, "id": ERROR}),
    "in a new object": Case({"ResultPath": "$.a.b"}, {**INPUT, "a": {"b": ERROR}}),
    "in a list": Case({"ResultPath": "$.list[0]"}, {**INPUT, "list": [ERROR]}),
    "dropped": Case({"ResultPath": None}, INPUT),
}


@pytest.mark.parametrize("case", RESULT_PATHS.values(), ids=RESULT_PATHS)
def test_result_path(case: Case) -> None:
    execution = run(catcher(**case.catcher))
    assert outcome(execution) == ("SUCCEEDED", case.output)
    assert entered(execution) == ["State", "Caught"]


def test_the_error_stands_in_the_whole_input() -> None:
    machine = caught(task(InputPath="$.list", OutputPath="$.nothing"), catcher(ResultPath="$.error"))
    assert simulate(machine, INPUT, mocks={"State": throws("Broken")}).output == {**INPUT, "error": ERROR}


OUTPUTS = {
    "none": Case({}, ERROR),
    "error": Case({"Output": "{% $states.errorOutput.Error %}"}, "Broken"),
    "cause": Case({"Output": {"why": "{% $states.errorOutput.Cause %}"}}, {"why": "told"}),
    "input": Case({"Output": "{% $states.input.id %}"}, 7),
    "both": Case(
        {"Output": "{% $merge([$states.input, $states.errorOutput]) %}"}, {**INPUT, "Error": "Broken", "Cause": "told"}
    ),
    "constant": Case({"Output": None}, None),
}


@pytest.mark.parametrize("case", OUTPUTS.values(), ids=OUTPUTS)
def test_output_in_jsonata(case: Case) -> None:
    assert outcome(run(catcher(**case.catcher), QueryLanguage="JSONata")) == ("SUCCEEDED", case.output)


ASSIGNS = {
    "JSONPath": (
        {"why.$": "$.Error", "id.$": "$$.Execution.Input.id"},
        {"Parameters": {"all.$": "States.Array($why, $id)"}},
    ),
    "JSONata": (
        {"why": "{% $states.errorOutput.Error %}", "id": "{% $states.input.id %}"},
        {"Output": {"all": "{% [$why, $id] %}"}},
    ),
}


@pytest.mark.parametrize("language", ASSIGNS)
def test_assign(language: str) -> None:
    assign, reads = ASSIGNS[language]
    machine = caught(task(), catcher(Assign=assign), QueryLanguage=language)
    machine["States"]["Caught"].update(reads)
    assert simulate(machine, INPUT, mocks={"State": throws("Broken")}).output == {"all": ["Broken", 7]}


def test_the_state_does_not_assign_when_it_is_caught() -> None:
    machine = caught(task(Assign={"who": "state"}), catcher(Assign={"seen.$": "$who"}))
    machine["States"] = {"Set": {"Type": "Pass", "Assign": {"who": "before"}, "Next": "State"}, **machine["States"]}
    machine["StartAt"] = "Set"
    machine["States"]["Caught"]["Parameters"] = {"seen.$": "$seen", "who.$": "$who"}
    execution = simulate(machine, INPUT, mocks={"State": throws("Broken")})
    assert execution.output == {"seen": "before", "who": "before"}


ORDERS = {
    "the first that matches": (("Other", "Broken"), "Caught"),
    "a wildcard before a name": (("States.TaskFailed", "Broken"), "Other"),
    "a name before a wildcard": (("Broken", "States.ALL"), "Other"),
    "several names": (("Elsewhere", "Other"), None),
}


@pytest.mark.parametrize(("errors", "taken"), ORDERS.values(), ids=ORDERS)
def test_catchers_are_asked_in_order(errors: tuple[str, str], taken: str | None) -> None:
    first, second = catcher(errors[0], Next="Other"), catcher(errors[1])
    assert entered(run(first, second)) == ["State", *([taken] if taken else [])]


def test_one_catcher_takes_several_names() -> None:
    for error in ("A", "B"):
        assert entered(run(catcher("A", "B"), error=error)) == ["State", "Caught"]
    assert outcome(run(catcher("A", "B"), error="C")) == ("FAILED", "C")


def test_retry_comes_first() -> None:
    machine = caught(task(Retry=[{"ErrorEquals": ["A"], "MaxAttempts": 1}]), catcher())
    assert entered(simulate(machine, {}, mocks={"State": throws("A") + returns(1)})) == ["State"]
    assert entered(simulate(machine, {}, mocks={"State": throws("A", "A")})) == ["State", "Caught"]


NAMELESS = {"JSONPath": {"Error": None, "Cause": "told"}, "JSONata": {"Error": None, "Cause": "told"}}


@pytest.mark.parametrize("language", NAMELESS)
def test_an_error_without_a_name(language: str) -> None:
    assert run(catcher(), error=None, QueryLanguage=language).output == NAMELESS[language]


TIMEOUTS = {
    "by the heartbeat's name": (["States.HeartbeatTimeout"], {"HeartbeatSeconds": 5, "TimeoutSeconds": 9}),
    "by the timeout's name": (["States.Timeout"], {"HeartbeatSeconds": 5, "TimeoutSeconds": 9}),
    "by the wildcard": (["States.ALL"], {"TimeoutSeconds": 9}),
}


@pytest.mark.parametrize(("names", "fields"), TIMEOUTS.values(), ids=TIMEOUTS)
def test_a_timeout_is_shown_as_one_with_an_empty_cause(names: list[str], fields: dict[str, Any]) -> None:
    error = "States.HeartbeatTimeout" if "HeartbeatSeconds" in fields else "States.Timeout"
    answers = [{"Throw": {"Error": error}}]
    execution = simulate(caught(task(**fields), catcher(*names)), {}, mocks={"State": answers})
    assert outcome(execution) == ("SUCCEEDED", {"Error": "States.Timeout", "Cause": ""})


UNCAUGHT = {
    "runtime": ({"OutputPath": "$.missing"}, returns({}), "States.Runtime"),
    "data limit of the state's output": (
        {"ResultSelector": {"twice.$": "States.Array($, $)"}},
        returns("x" * 200_000),
        "States.DataLimitExceeded",
    ),
}


@pytest.mark.parametrize(("fields", "answers", "error"), UNCAUGHT.values(), ids=UNCAUGHT)
def test_what_a_wildcard_does_not_catch(fields: dict[str, Any], answers: list[Any], error: str) -> None:
    execution = simulate(caught(task(**fields), catcher()), {}, mocks={"State": answers})
    assert outcome(execution) == ("FAILED", error)


PARAMETERS = {
    "arn:aws:states:::lambda:invoke": {"FunctionName": "f"},
    "arn:aws:states:::aws-sdk:s3:getObject": {"Bucket": "b", "Key": "k"},
}


@pytest.mark.parametrize("name", ["States.DataLimitExceeded", "States.ALL", "States.TaskFailed"])
@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ("arn:aws:states:::lambda:invoke", "lambda"),
        ("arn:aws:states:::aws-sdk:s3:getObject", "aws-sdk:s3"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:us-east-1:123456789012:function:f"),
    ],
)
def test_a_result_that_is_too_large_is_caught_and_names_its_resource(name: str, resource: str, named: str) -> None:
    machine = caught(task(Resource=resource, Parameters=PARAMETERS.get(resource, {})), catcher(name))
    execution = simulate(machine, {}, mocks={"State": returns("\u00e9" * 131_072)})  # two bytes each
    assert execution.output["Error"] == "States.DataLimitExceeded"
    assert execution.output["Cause"].startswith(f"The state/task '{named}' returned a result")


def test_the_data_limit_of_an_output_is_caught_by_its_name() -> None:
    state = task(ResultSelector={"twice.$": "States.Array($, $)"})
    execution = simulate(
        caught(state, catcher("States.DataLimitExceeded")), {}, mocks={"State": returns("x" * 200_000)}
    )
    assert execution.output["Error"] == "States.DataLimitExceeded"


def test_a_jsonata_error_is_caught_with_its_opening() -> None:
    state = task(Output="{% $states.result.x %}")
    machine = caught(state, catcher("States.QueryEvaluationError"), QueryLanguage="JSONata")
    execution = simulate(machine, {}, mocks={"State": returns({})})
    assert execution.output == {
        "Error": "States.QueryEvaluationError",
        "Cause": (
            "An error occurred while executing the state 'State' (entered at the event id #2). The JSONata expression "
            "'$states.result.x' specified for the field 'Output' returned nothing (undefined)."
        ),
    }


FAIL = {"Stop": {"Type": "Fail", "Error": "Broken", "Cause": "told"}}
AROUND = {"Parallel": parallel(FAIL), "Map": inline_map(FAIL, ItemsPath="$.list")}


@pytest.mark.parametrize("state", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("case", RESULT_PATHS.values(), ids=RESULT_PATHS)
def test_around_branches_and_iterations(state: dict[str, Any], case: Case) -> None:
    execution = simulate(caught(state, catcher(**case.catcher)), INPUT)
    assert outcome(execution) == ("SUCCEEDED", case.output)


def test_the_innermost_catch_takes_the_error() -> None:
    branch = {"Work": task(Catch=[catcher(Next="Inside")]), "Inside": {"Type": "Pass", "Result": "in"}}
    machine = caught(parallel(branch), catcher())
    execution = simulate(machine, {}, mocks={"Work": throws("A")})
    assert (entered(execution), execution.output) == (["State", "Work", "Inside"], ["in"])


def test_an_error_of_a_catch_is_not_for_the_same_catch() -> None:
    failing = catcher("Broken", Output="{% $states.input.x %}")
    execution = run(failing, catcher(Next="Other"), QueryLanguage="JSONata")
    assert outcome(execution) == ("FAILED", "States.QueryEvaluationError")
    assert told(execution) == (
        "The JSONata expression '$states.input.x' specified for the field 'Catch[0]/Output' "
        "returned nothing (undefined)."
    )


def test_an_error_of_a_catch_is_for_the_catch_around() -> None:
    branch = {
        "Work": task(Catch=[catcher(Next="Inside", ResultPath="$.id.x")]),
        "Inside": {"Type": "Pass"},
    }
    execution = simulate(caught(parallel(branch), catcher()), INPUT, mocks={"Work": throws("A")})
    assert (entered(execution), execution.output["Error"]) == (
        ["State", "Work", "Caught"],
        "States.ReferencePathConflict",
    )


def test_a_failing_catch_is_recorded_from_where_the_state_had_failed() -> None:
    machine = caught(
        parallel(FAIL), catcher("Other", Next="Other"), catcher(Output="{% $states.input.x %}"), QueryLanguage="JSONata"
    )
    execution = simulate(machine, INPUT)
    assert events(execution)[2:] == [
        ("ParallelStateStarted", 3, 2),
        ("FailStateEntered", 4, 3),
        ("ParallelStateFailed", 5, 4),
        ("EvaluationFailed", 6, 4),
        ("ParallelStateFailed", 7, 6),
        ("ExecutionFailed", 8, 7),
    ]
    assert execution.events[5]["evaluationFailedEventDetails"]["location"] == "Catch[1]/Output"


def test_a_caught_state_leaves_with_the_output_of_the_catch() -> None:
    execution = run(catcher(ResultPath="$.error"))
    exits = [event["stateExitedEventDetails"] for event in execution.events if event["type"] == "TaskStateExited"]
    assert [(exit["name"], exit["output"]) for exit in exits] == [
        ("State", '{"id":7,"list":[1],"error":{"Error":"Broken","Cause":"told"}}')
    ]


def test_jsonata_pass_has_no_error_output() -> None:
    machine = jsonata({"State": {"Type": "Pass", "Output": "{% $exists($lookup($states, 'errorOutput')) %}"}})
    assert simulate(machine, {}).output is False
