"""Every command, as it is meant to be used."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sfn_provider import __version__
from sfn_provider.cli import run_command
from tests.fixtures.definitions import END, call, choose, go, machine
from tests.golden import DAGS

SALES = str(DAGS / "sales_pipeline.asl.json")
INPUT = f"@{DAGS / 'sales_pipeline.input.json'}"
MOCKS = str(DAGS / "sales_pipeline.mocks.json")

GREET = machine(
    {
        "Ask": choose("$.name", {"nobody": "Nobody"}, "Greet"),
        "Greet": call("Done"),
        "Done": END,
        "Nobody": {"Type": "Fail", "Error": "Nobody"},
    },
    Comment="Greets",
)
GREET_MOCKS = {
    "StateMachines": {"Greet": {"TestCases": {"Kind": {"Greet": "Hello"}, "Rude": {"Greet": "Refusal"}}}},
    "MockedResponses": {
        "Hello": {"0": {"Return": "hello"}},
        "Refusal": {"0": {"Throw": {"Error": "Rude", "Cause": "no [red]manners[/red]"}}},
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine, its mocks and an input; the commands run in it."""
    (tmp_path / "greet.asl.json").write_text(json.dumps(GREET))
    (tmp_path / "mocks.json").write_text(json.dumps(GREET_MOCKS))
    (tmp_path / "input.json").write_text('{"name": "Ada"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command: its exit code, standard output and standard error."""

    def tell(*arguments: str) -> tuple[int, str, str]:
        code = run_command(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return tell


Told = Callable[..., tuple[int, str, str]]


def as_json(told: Told, *arguments: str) -> tuple[int, Any]:
    """Run a command with --json: its exit code, and the JSON that is all of its standard output."""
    code, out, _ = told(*arguments, "--json")
    return code, json.loads(out)


# lint -----------------------------------------------------------------------------------------------------------------


def test_lint_of_a_good_definition(told: Told, folder: Path) -> None:
    assert told("lint", "greet.asl.json") == (0, "", "1 file: 0 errors, 0 warnings\n")
    assert as_json(told, "lint", "greet.asl.json") == (0, [])


BAD = '{\n  "StartAt": "A",\n  "States": {\n    "A": {"Type": "Pass", "Resutl": 1, "End": true}\n  }\n}\n'


def test_lint_tells_file_line_and_column_of_every_problem(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, out, err = told("lint", "greet.asl.json", "bad.json")
    assert code == 1
    assert "bad.json:4:27: error SCHEMA_VALIDATION_FAILED /States/A/Resutl: " in out
    assert err == "2 files: 1 error, 0 warnings\n"


def test_lint_as_json_has_the_same_in_fields(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, [found] = as_json(told, "lint", "bad.json")
    assert code == 1
    wanted = {"file": "bad.json", "level": "error", "code": "SCHEMA_VALIDATION_FAILED", "location": "/States/A/Resutl"}
    assert wanted.items() <= found.items()
    assert (found["line"], found["column"]) == (4, 27)
    assert told("lint", "bad.json", "--format", "json")[1] == told("lint", "bad.json", "--json")[1]


def test_lint_reports_what_it_can_read_beside_a_file_that_it_cannot(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, out, err = told("lint", "nofile.json", "bad.json", "greet.asl.json")
    assert (code, out) == (2, told("lint", "bad.json")[1])
    assert err.splitlines()[-2:] == [
        "2 files: 1 error, 0 warnings",
        "Error: nofile.json: there is no such file; it should hold a state machine definition",
    ]
    assert told("lint", "nofile.json") == (2, "", f"{err.splitlines()[-1]}\n")


def test_lint_for_github_is_an_annotation_a_line(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, out, _ = told("lint", "bad.json", "--format", "github")
    assert code == 1
    assert out.startswith("::error file=bad.json,line=4,col=27::SCHEMA_VALIDATION_FAILED /States/A/Resutl: ")
    assert len(out.splitlines()) == 1


def test_warnings_alone_are_no_failure(told: Told) -> None:
    code, out, err = told("lint", SALES)
    assert code == 0
    assert err == f"1 file: 0 errors, {len(out.splitlines())} warnings\n"
    assert out and all(": warning " in line for line in out.splitlines())


def test_lint_takes_substitutions(told: Told, folder: Path) -> None:
    (folder / "one.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${Pause}, "End": true}}}'
    )
    (folder / "two.json").write_text(json.dumps(machine({"A": call(Resource="${Function}")})))
    (folder / "values.json").write_text('{"Function": "arn:aws:lambda:eu-west-1:123456789012:function:f"}')
    assert told("lint", "one.json")[0] == 2
    code, out, _ = told("lint", "two.json")
    assert code == 0
    assert out.startswith("two.json:1:51: warning RESOURCE_WITHOUT_VALUE /States/A/Resource: ${Function} has no value")
    given = ("--substitutions", "Pause=3", "--substitutions", "values.json")
    assert told("lint", "one.json", "two.json", *given) == (0, "", "2 files: 0 errors, 0 warnings\n")
    code, _, err = told("lint", "one.json", "two.json", *given, "--substitutions", "Puase=3")
    assert (code, err) == (2, "Error: substitutions not used: Puase; the definition has no ${...} of that name\n")


def test_lint_reports_what_aws_refuses_and_what_fails(told: Told, folder: Path) -> None:
    inside = {"TaskDefinition": "t", "NetworkConfiguration": {"Vpc": 1}}
    wrong = {
        "A": call("B", Resource="arn:aws:states:::glue:startJobRunn", Parameters={"JobName": "j"}),
        "B": call("C", Resource="arn:aws:states:::aws-sdk:glue:startJobRun", Parameters={"JobName": "j", "Jb": 1}),
        "C": {"Type": "Pass", "Parameters": {"x.$": "States.Format('{} {}', $.a)"}, "Next": "D"},
        "D": call("E", Resource="arn:aws:states:::aws-sdk:ecs:runTask", Parameters=inside),
        "E": END,
    }
    (folder / "wrong.json").write_text(json.dumps(machine(wrong)))
    code, found = as_json(told, "lint", "wrong.json")
    assert code == 1
    assert [(entry["level"], entry["code"], entry["location"], entry["line"]) for entry in found] == [
        ("error", "SCHEMA_VALIDATION_FAILED", "/States/A/Resource", 1),
        ("error", "SCHEMA_VALIDATION_FAILED", "/States/B/Parameters/Jb", 1),
        ("warning", "INTRINSIC_WILL_FAIL", "/States/C/Parameters/x.$", 1),
        ("error", "SCHEMA_VALIDATION_FAILED", "/States/D/Parameters/NetworkConfiguration/Vpc", 1),
    ]


def test_strict_lint_takes_warnings_for_errors(told: Told, folder: Path) -> None:
    assert told("lint", SALES, "--strict")[0] == 1
    assert told("lint", "greet.asl.json", "--strict")[0] == 0
    assert told("lint", SALES, "--strict", "--json")[0] == 1


def test_lint_names_the_file_that_has_the_problem(told: Told, folder: Path) -> None:
    (folder / "asl.json").write_text(BAD)
    template = {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "asl.json"}}
    (folder / "template.json").write_text(json.dumps({"Resources": {"M": template}}))
    for command in ("lint", "translate"):
        code, out, err = told(command, "template.json#M")
        assert code == 1
        assert (out + err).startswith("asl.json:4:27: error SCHEMA_VALIDATION_FAILED /States/A/Resutl: ")


# translate ------------------------------------------------------------------------------------------------------------


def test_translate_prints_the_file_and_nothing_else(told: Told, folder: Path) -> None:
    code, out, err = told("translate", "greet.asl.json")
    assert (code, err) == (0, "0 warnings, 0 findings\n")
    ast.parse(out)
    assert 'dag_id="greet"' in out and "greet.asl.json" in out


def test_translate_writes_a_file(told: Told, folder: Path) -> None:
    arguments = ("--schedule", "cron(0 2 * * ? *)", "--dag-id", "hello", "--input", '{"name": "Bob"}')
    code, out, err = told("translate", "greet.asl.json", "-o", "dag.py", *arguments)
    assert (code, out, err) == (0, "", "Wrote dag.py: DAG hello with 4 tasks\n0 warnings, 0 findings\n")
    source = (folder / "dag.py").read_text()
    assert 'schedule="0 2 * * *"' in source and 'params={"name": "Bob"}' in source
    written = [".sfn-provider.json", "dag.py"]
    assert sorted(path.name for path in folder.iterdir()) == [*written, "greet.asl.json", "input.json", "mocks.json"]


def test_translate_as_json(told: Told, folder: Path) -> None:
    code, found = as_json(told, "translate", "greet.asl.json", "--input", "@input.json")
    assert code == 0
    assert (found["dag_id"], found["file"], found["tasks"], found["diagnostics"]) == ("greet", None, 4, [])
    assert found["findings"] == 0
    assert 'params={"name": "Ada"}' in found["source"]
    code, found = as_json(told, "translate", "greet.asl.json", "-o", "dag.py")
    assert (found["file"], found["source"]) == ("dag.py", None)
    assert (folder / "dag.py").exists()


def test_translate_overwrites_a_file_as_a_whole(told: Told, folder: Path) -> None:
    (folder / "dag.py").write_text("x" * 100_000)
    assert told("translate", "greet.asl.json", "-o", "dag.py", "--overwrite")[0] == 0
    assert "xxx" not in (folder / "dag.py").read_text()


def test_translate_of_the_sales_pipeline_is_the_file_in_dags(told: Told) -> None:
    schedule = ("--schedule", "cron(0 2 * * ? *)")
    code, out, err = told("translate", SALES, "--input", INPUT, *schedule)
    assert (code, out) == (0, (DAGS / "sales_pipeline.py").read_text())
    assert "warning DATA_PATH_CANNOT_EXIST" in err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "1 warning, 2 findings: 1 fails, 1 differs; --report lists them"),
        (("-o", "dag.py"), "1 warning, 2 findings: 1 fails, 1 differs; --report lists them"),
        (("--report",), "1 warning, 2 findings: 1 fails, 1 differs"),
        (("--json",), "1 warning, 2 findings: 1 fails, 1 differs"),
        (("--strict",), "1 warning, 2 findings: 1 fails, 1 differs"),
        (("--substitutions", "F=arn:aws:lambda:eu-west-1:123456789012:function:f"), "0 warnings, 0 findings"),
    ],
)
def test_the_last_line_counts_warnings_and_findings(
    arguments: tuple[str, ...], line: str, told: Told, folder: Path
) -> None:
    (folder / "f.json").write_text(json.dumps(machine({"A": call(Resource="${F}")})))
    code, _, err = told("translate", "f.json", *arguments)
    assert code == (1 if "--strict" in arguments else 0)
    assert err.splitlines()[-1] == line


def test_strict_translation_takes_warnings_for_errors(told: Told, folder: Path) -> None:
    states = {"A": {"Type": "Pass", "Parameters": {"x.$": "States.Format('{} {}', $.a)"}, "Next": "B"}, "B": END}
    (folder / "warn.json").write_text(json.dumps(machine(states)))
    assert told("translate", "warn.json", "-o", "dag.py")[0] == 0
    (folder / "dag.py").unlink()
    code, out, err = told("translate", "warn.json", "-o", "dag.py", "--strict")
    assert (code, out, (folder / "dag.py").exists()) == (1, "", False)
    assert "warning INTRINSIC_WILL_FAIL" in err and err.splitlines()[-1] == "1 warning, 0 findings"


def test_translate_takes_the_time_zone_of_a_schedule(told: Told, folder: Path) -> None:
    given = ("--schedule", "cron(0 9 * * ? *)", "--timezone", "Europe/Berlin", "--input", "{}")
    code, out, err = told("translate", "greet.asl.json", *given)
    assert (code, err) == (0, "0 warnings, 0 findings\n")
    assert 'schedule=CronTriggerTimetable("0 9 * * *", timezone="Europe/Berlin"),' in out
    assert told("translate", "greet.asl.json", "--timezone", "Europe/Berlin")[0] == 2
    assert "did you mean 'Europe/Berlin'?" in told("translate", "greet.asl.json", *given[:3], "Europe/Berln")[2]


def test_substitutions_by_name_and_by_file(told: Told, folder: Path) -> None:
    states = {"A": call(Resource="arn:aws:lambda:${Region}:123456789012:function:${Name}")}
    (folder / "named.json").write_text(json.dumps(machine(states)))
    (folder / "names.json").write_text('{"Region": "eu-west-1"}')
    code, out, _ = told("translate", "named.json", "--substitutions", "names.json", "--substitutions", "Name=a=b")
    assert code == 0
    assert "arn:aws:lambda:eu-west-1:123456789012:function:a=b" in out


# run ------------------------------------------------------------------------------------------------------------------


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


# compare --------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_runs_every_test_case_on_both_sides(told: Told, folder: Path) -> None:
    code, out, _ = told("compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json", "-o", "dag.py")
    assert code == 0
    assert out.index("Case Kind") < out.index("Case Rude") < out.index("Step Functions (on the engine) and Airflow")
    assert out.count("agrees") > 8 and "DIFFERS" not in out
    assert f"The DAG file: {folder / 'dag.py'}" in out.replace("\n", "")
    ast.parse((folder / "dag.py").read_text())


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_as_json(told: Told, folder: Path) -> None:
    code, found = as_json(told, "compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Rude")
    assert code == 0
    [case] = found["cases"].values()
    sides = [{**case[side], "seconds": None, "clock": None} for side in ("step_functions", "airflow")]
    assert case["agrees"] and sides[0] == sides[1]
    assert (case["step_functions"]["clock"], case["airflow"]["clock"]) == ("virtual", "mocked")
    assert (case["airflow"]["status"], case["airflow"]["error"], case["transitions"]) == ("FAILED", "Rude", 2)
    assert [state["state"] for state in case["states"]] == ["Ask", "Greet"]


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_of_sides_that_differ_exits_with_1_and_says_where(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sfn_provider.compare.airflow import dag_execution
    from sfn_provider.translate import translate

    def translate_another(source: Any, **options: Any) -> Any:
        ask = choose("$.name", {"nobody": "Greet"}, "Two")
        another = machine({"Ask": ask, "Greet": call("Done"), "Two": go("Done", Result=2), "Done": END})
        return translate(another, **options)

    monkeypatch.setattr(dag_execution, "translate", translate_another)
    code, out, err = told("compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Kind")
    assert code == 1, err
    assert "DIFFERS" in out
    assert "Greet: Greet entered on Step Functions, Two on Airflow" in out
    assert 'outcome: output/: "hello" on Step Functions, 2 on Airflow' in out


def test_two_machines_with_a_case_of_the_same_name_are_both_run(folder: Path) -> None:
    from sfn_provider.engine.simulation.mock_files import load_test_cases

    cases = {"Same": {"Greet": "Hello"}}
    mocks = GREET_MOCKS | {"StateMachines": {"One": {"TestCases": cases}, "Two": {"TestCases": cases | {"Own": {}}}}}
    (folder / "two.json").write_text(json.dumps(mocks))
    assert list(load_test_cases("two.json")) == ["One/Same", "Two/Same", "Own"]


# cases and coverage ---------------------------------------------------------------------------------------------------


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


WAITS = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 400, "End": True}}}


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


@pytest.mark.parametrize("command", ["compare", "replay"])
def test_compare_and_replay_take_the_type_of_the_machine(told: Told, folder: Path, command: str) -> None:
    glue = call(Resource="arn:aws:states:::glue:startJobRun.sync", Parameters={"JobName": "j"})
    (folder / "job.asl.json").write_text(json.dumps(machine({"Work": glue})))
    arguments = ["job.asl.json"] if command == "compare" else ["history.json", "--definition", "job.asl.json"]
    code, _, err = told(command, *arguments, "--type", "EXPRESS")
    assert (code, "needs the type STANDARD" in err) == (1, True)


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


def test_values_that_are_missing_are_named_by_lint_and_run(told: Told, folder: Path) -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Stage}", "End": True}}})
    (folder / "stage.asl.json").write_text(text)
    assert "warning UNRESOLVED_PLACEHOLDER /States/A/Result: no value for ${Stage}" in told("lint", "stage.asl.json")[1]
    assert "UNRESOLVED_PLACEHOLDER" in told("run", "stage.asl.json")[2]
    assert "UNRESOLVED" not in told("lint", "stage.asl.json", "--substitutions", "Stage=dev")[1]


def test_run_says_whose_bound_has_ended_an_expression(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfn_provider.asl.jsonata.budget.MAX_WORK", 5_000)
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


def test_run_names_what_the_input_lacks(told: Told, folder: Path) -> None:
    code, _, err = told("run", "greet.asl.json", "--input", "{}")
    assert code == 1
    assert "Warning: --input: nothing ran after the first state: the input lacks $.name" in err


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_makes_cases_and_says_what_they_reach(told: Told, folder: Path) -> None:
    code, found = as_json(told, "compare", "greet.asl.json")
    assert code == 0
    assert found["verdict"] == "Airflow does what Step Functions does in 2 executions that reach 4 of 4 states."
    assert found["coverage"]["states"] == {"reached": 4, "of": 4}
    assert found["inputs"]["Nobody"] == {"name": "nobody"}


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_in_which_nothing_ran_does_not_agree(told: Told, folder: Path) -> None:
    code, out, _ = told("compare", "greet.asl.json", "--mock", "mocks.json#Kind")
    assert code == 1
    assert "nothing ran: the input lacks $.name" in out
    assert "Nothing was compared. Nothing ran after the first state in Kind (the input lacks $.name)." in out


# The whole ------------------------------------------------------------------------------------------------------------


def test_version_and_help(told: Told) -> None:
    assert told("--version") == (0, f"sfn-provider, version {__version__}\n", "")
    code, out, err = told("--help")
    assert (code, err) == (0, "")
    for command in ("lint", "translate", "run", "compare"):
        assert f"\n  {command} " in out
        help_code, help_text, _ = told(command, "-h")
        assert help_code == 0 and f"sfn-provider {command}" in help_text and "--json" in help_text


def test_interrupting_is_told_in_a_word(told: Told, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("sfn_provider.cli.commands.run"), "simulate", interrupt)
    assert told("run", "greet.asl.json")[0] == 130


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_writes_reports(told: Told, folder: Path) -> None:
    arguments = ("compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Rude")
    more = (
        "--html",
        "report.html",
        "--markdown",
        "report.md",
        "--schedule",
        "rate(1 hour)",
        "--environment-class",
        "mw1.small",
    )
    code, found = as_json(told, *arguments, *more)
    assert code == 0
    ways = {way["name"] for way in found["cost"]["ways"]}
    serverless = {way for way in ways if way.startswith("MWAA Serverless, ")}
    assert ways - serverless == {"Step Functions Standard", "Step Functions Express", "MWAA mw1.small"}
    assert "MWAA Serverless, own code" in serverless
    assert (found["cost"]["runs"], found["cost"]["region"]) == (730, "us-east-1")
    for name in ("report.html", "report.md"):
        assert found["verdict"] in (folder / name).read_text(encoding="utf-8")


def test_translate_by_segments_and_what_each_granularity_takes(told: Told, folder: Path) -> None:
    code, found = as_json(told, "translate", "greet.asl.json", "--tasks", "segment", "--report")
    assert code == 0
    shown = found["report"]["granularities"]
    assert [(row["tasks"], row["is_chosen"]) for row in shown] == [
        ("state", False),
        ("segment", True),
        ("machine", False),
    ]
    assert [row["dag_tasks"] for row in shown] == [4, found["tasks"], 1]
    assert all(row["seconds"] <= 1.5 * row["run_tasks"] for row in shown)
    code, out, _ = told("translate", "greet.asl.json", "--tasks", "machine", "--report")
    assert code == 0
    assert "*  machine               1      1" in out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--map-batch", "0"), "a batch of 0 items of a Map: give a number from 1 to 10000"),
        (("--tasks", "machine", "--map-batch", "5"), "has no task of its own where one task runs the whole machine"),
    ],
    ids=["no items", "machine"],
)
def test_translate_refuses_what_is_no_granularity(
    arguments: tuple[str, ...], problem: str, told: Told, folder: Path
) -> None:
    code, _, errors = told("translate", "greet.asl.json", *arguments)
    assert (code, problem in errors) == (2, True), errors
