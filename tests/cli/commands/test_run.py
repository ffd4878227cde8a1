"""``run`` and ``cases``, as they are meant to be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl.jsonata.limits import EvaluationLimits
from sfn_provider.engine.interpreter import Interpreter
from tests.fixtures.command_line import Told, as_json
from tests.fixtures.machines.definitions import END, call, choose, machine

WAITS = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 400, "End": True}}}


def test_substitutions_by_name_and_by_file(told: Told, folder: Path) -> None:
    states = {"A": call(Resource="arn:aws:lambda:${Region}:123456789012:function:${Name}")}
    (folder / "named.json").write_text(json.dumps(machine(states)))
    (folder / "names.json").write_text('{"Region": "eu-west-1"}')
    code, out, _ = told("translate", "named.json", "--substitutions", "names.json", "--substitutions", "Name=a=b")
    assert code == 0
    assert "arn:aws:lambda:eu-west-1:123456789012:function:a=b" in out


def test_run_shows_the_states_passed_and_the_outcome(told: Told, folder: Path) -> None:
    code, out, _ = told("run", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Kind")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert [row[1] for row in rows if row and row[0].isdigit() and len(row) > 4][:3] == ["Ask", "Greet", "Done"]
    assert "Status: SUCCEEDED" in out
    assert 'Output: "hello"' in out
    assert "3 states, 3 transitions, 0 s of virtual time" in out


def test_run_of_a_failing_execution_exits_with_1_and_tells_error_and_cause(told: Told, folder: Path) -> None:
    code, out, _ = told("run", "greet.asl.json", "--input", '{"name": "Ada"}', "--mock", "mocks.json#Greet/Rude")
    assert code == 1
    assert "Status: FAILED" in out and "Error: Rude" in out and "Cause: no [red]manners[/red]" in out
    assert "(not left)" in out


def test_run_as_json(told: Told, folder: Path) -> None:
    code, found = as_json(told, "run", "greet.asl.json", "--input", '{"name": "nobody"}')
    assert code == 1
    assert (found["status"], found["output"], found["error"], found["transitions"]) == ("FAILED", None, "Nobody", 2)
    assert found["events"][0]["type"] == "ExecutionStarted"


def test_run_with_mocks_and_without_an_input_takes_an_empty_object(told: Told, folder: Path) -> None:
    (folder / "echo.json").write_text(json.dumps(machine({"A": END})))
    cases = {"StateMachines": {"Echo": {"TestCases": {"Case": {}}}}, "MockedResponses": {}}
    (folder / "no_mocks.json").write_text(json.dumps(cases))
    assert as_json(told, "run", "echo.json", "--mock", "no_mocks.json#Case")[1]["output"] == {}


@pytest.mark.usefixtures("user_airflow_home")
def test_run_on_airflow_gives_the_same_as_on_the_engine(told: Told, folder: Path) -> None:
    arguments = ("run", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Kind")
    (code, engine), (other_code, airflow) = (as_json(told, *arguments, "--on", side) for side in ("engine", "airflow"))
    assert (code, other_code) == (0, 0)
    assert engine == airflow


def test_cases_are_written_as_a_mock_file_that_the_other_commands_take(told: Told, folder: Path) -> None:
    code, out, err = told("cases", "greet.asl.json", "-o", "made.json", "--name", "Greet")
    assert (code, out) == (0, "")
    assert err == "2 cases in made.json: 4 of 4 states, 2 of 2 choice rules\n"
    text = (folder / "made.json").read_text(encoding="utf-8")
    made = json.loads(text)
    assert text == json.dumps(made, indent=2) + "\n"
    assert made["Inputs"] == {"Greet/Done": {"name": "nobody-other"}, "Greet/Nobody": {"name": "nobody"}}
    assert told("run", "greet.asl.json", "--mock", "made.json#Done")[0] == 0
    assert told("run", "greet.asl.json", "--mock", "made.json#Nobody")[0] == 1


def test_cases_write_over_no_file_of_others(told: Told, folder: Path) -> None:
    definition = (folder / "greet.asl.json").read_bytes()
    for output in ("greet.asl.json", "mocks.json"):
        before = (folder / output).read_bytes()
        code, out, err = told("cases", "greet.asl.json", "-o", output)
        assert (code, out) == (2, "") and output in err and "Add --overwrite" in err
        assert (folder / output).read_bytes() == before
    for _ in range(2):  # what it has written itself, unchanged
        assert told("cases", "greet.asl.json", "-o", "made.json")[0] == 0
    made = (folder / "made.json").read_text(encoding="utf-8")
    (folder / "made.json").write_text(made + "\n")
    assert told("cases", "greet.asl.json", "-o", "made.json", "--name", "Other")[0] == 2
    assert (folder / "made.json").read_text(encoding="utf-8") == made + "\n"
    assert told("cases", "greet.asl.json", "-o", "made.json", "--overwrite")[0] == 0
    assert (folder / "made.json").read_text(encoding="utf-8") == made
    assert (folder / "greet.asl.json").read_bytes() == definition


def test_cases_are_printed_without_a_file(told: Told, folder: Path) -> None:
    code, out, err = told("cases", "greet.asl.json")
    assert code == 0
    assert list(json.loads(out)) == ["StateMachines", "MockedResponses", "Inputs"]
    assert err.startswith("2 cases: 4 of 4 states")


def test_cases_as_json_say_what_is_not_reached_and_why(told: Told, folder: Path) -> None:
    never = machine(
        {"A": choose("$.x", {"a": "Stop"}, "B"), "B": choose("$.x", {"a": "C"}, "Stop"), "C": END, "Stop": END}
    )
    (folder / "never.json").write_text(json.dumps(never))
    code, found = as_json(told, "cases", "never.json", "-o", "made.json")
    assert (code, found["file"]) == (0, "made.json")
    assert found["coverage"]["states"] == {"reached": 3, "of": 4}
    assert list(found["not_reached"]) == ["state 'C'", "rule 1 of Choice 'B'"]
    assert "$.x is always" in found["not_reached"]["rule 1 of Choice 'B'"]


def test_run_takes_the_type_of_the_machine(told: Told, folder: Path) -> None:
    (folder / "waits.asl.json").write_text(json.dumps(WAITS))
    assert told("run", "waits.asl.json")[0] == 0
    code, out, err = told("run", "waits.asl.json", "--type", "EXPRESS")
    assert (code, "Status: TIMED_OUT" in out, "warning WAIT_EXCEEDS_EXPRESS" in err) == (1, True, True)
    glue = call(Resource="arn:aws:states:::glue:startJobRun.sync", Parameters={"JobName": "j"})
    (folder / "job.asl.json").write_text(json.dumps(machine({"Work": glue})))
    code, _, err = told("run", "job.asl.json", "--type", "EXPRESS")
    assert (code, "needs the type STANDARD" in err) == (1, True)
    code, _, err = told("run", "waits.asl.json", "--type", "EXPRESS", "--on", "airflow")
    assert (code, "leave out --on airflow" in err) == (2, True)


def test_a_type_without_a_definition_is_refused(told: Told) -> None:
    code, _, err = told("replay", "--execution-arn", "arn:any", "--type", "EXPRESS")
    assert (code, "name it with --definition FILE" in err) == (2, True)


def test_a_template_has_the_type(told: Told, folder: Path) -> None:
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"Definition": WAITS, "StateMachineType": "EXPRESS"},
    }
    (folder / "t.json").write_text(json.dumps({"Resources": {"One": resource, "Two": resource}}))
    code, out, err = told("run", "t.json#Two")
    assert (code, "TIMED_OUT" in out) == (1, True)
    assert "sfn-provider cases t.json#Two" in err
    assert "WAIT_EXCEEDS_EXPRESS" in told("lint", "t.json#Two")[1]
    assert told("run", "t.json#Two", "--type", "STANDARD")[0] == 0
    assert told("lint", "t.json#Two", "--type", "STANDARD", "--strict")[0] == 0


def test_run_says_whose_bound_has_ended_an_expression(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfn_provider.asl.jsonata.program.EvaluationLimits", lambda: EvaluationLimits(work=6_000))
    loop = {"Type": "Pass", "Output": "{% ($f := function($x) { $f($x + 1) }; $f($states.input.n)) %}", "End": True}
    (folder / "loop.asl.json").write_text(
        json.dumps({"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": loop}})
    )
    code, out, _ = told("run", "loop.asl.json", "--input", '{"n": 1}')
    assert code == 1
    assert "Expression evaluation timeout: Check for infinite loop" in " ".join(out.split())
    assert "Note: This bound is sfn_provider's: 600,000 steps" in " ".join(out.split())


def test_run_without_mocks_and_input_makes_cases(told: Told, folder: Path) -> None:
    code, out, err = told("run", "greet.asl.json")
    assert code == 0
    assert "No --mock: 2 cases were made for this machine" in err
    assert "Reached: 4 of 4 states, 2 of 2 choice rules" in out
    code, found = as_json(told, "run", "greet.asl.json")
    assert {name: case["status"] for name, case in found["cases"].items()} == {"Done": "SUCCEEDED", "Nobody": "FAILED"}
    assert found["cases"]["Nobody"]["input"] == {"name": "nobody"}
    assert found["coverage"]["rules"] == {"reached": 2, "of": 2}


def test_run_without_mocks_makes_answers_for_an_input(told: Told, folder: Path) -> None:
    code, out, err = told("run", "greet.asl.json", "--input", "@input.json")
    assert code == 0
    assert "the answers of tasks were made for this input" in err
    assert "Reached: 3 of 4 states, 1 of 2 choice rules" in out
    assert "  state 'Nobody'" in out


def test_run_executes_a_case_once(told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    start = Interpreter.start
    monkeypatch.setattr(
        Interpreter, "start", lambda self, *args, **more: started.append(args) or start(self, *args, **more)
    )
    code, out, _ = told("run", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Kind")
    assert (code, len(started)) == (0, 1)
    assert "Reached: 3 of 4 states, 1 of 2 choice rules" in out


def test_run_names_what_the_input_lacks(told: Told, folder: Path) -> None:
    code, _, err = told("run", "greet.asl.json", "--input", "{}")
    assert code == 1
    assert "Warning: --input: nothing ran after the first state: the input lacks $.name" in err
