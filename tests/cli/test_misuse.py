"""What goes wrong, and that it is told in a sentence: what, where, what to do. Never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfn_provider import text_files
from sfn_provider.cli import run_command
from tests.fixtures.machines.definitions import END, call, machine

FILES: dict[str, str | bytes] = {
    "good.json": json.dumps(machine({"A": END})),
    "task.json": json.dumps(machine({"Call": call()})),
    "prose.json": "This is no definition.\n",
    "cut.json": '{\n  "StartAt": "A",\n  "States": {\n',
    "comma.json": '{"StartAt": "A" "States": {}}',
    "list.json": '[{"StartAt": "A"}]',
    "empty.json": "{}",
    "nothing.json": "",
    "binary.json": b"\xff\xfe\x00\x01binary",
    "dangling.json": '{\n  "StartAt": "Start",\n  "States": {\n    "Start": {"Type": "Pass", "Next": "Sop"},\n'
    '    "Stop": {"Type": "Succeed"}\n  }\n}\n',
    "type.json": '{\n  "StartAt": "A",\n  "States": {\n    "A": {"Type": "Parllel", "End": true}\n  }\n}\n',
    "field.json": '{"StartAt": "A",\n "States": {"A": {"Type": "Pass", "Resutl": 1, "End": true}}}',
    "mocks.json": json.dumps(
        {
            "StateMachines": {"M": {"TestCases": {"First": {}, "Second": {}}}},
            "MockedResponses": {},
        }
    ),
    "other_state.json": json.dumps(
        {"StateMachines": {"M": {"TestCases": {"C": {"Cal": "R"}}}}, "MockedResponses": {"R": {"0": {"Return": 1}}}}
    ),
    **{
        f"{name}.json": json.dumps({"StateMachines": {"M": {"TestCases": {"C": {}}}}, **fields})
        for name, fields in {
            "other_input": {"Inputs": {"M/c": {}}},
            "other_objects": {"Objects": {"Other": {"s3://b/k": "text"}}},
            "list_inputs": {"Inputs": []},
        }.items()
    },
    "not_mocks.json": '{"Call": [{"Return": 1}]}',
    "no_response.json": json.dumps(
        {"StateMachines": {"M": {"TestCases": {"C": {"Call": "Gone"}}}}, "MockedResponses": {}}
    ),
    "bad_key.json": json.dumps(
        {
            "StateMachines": {"M": {"TestCases": {"C": {"Call": "R"}}}},
            "MockedResponses": {"R": {"first": {"Return": 1}}},
        }
    ),
    "deep.json": "[" * 100_000,
    "digits.json": "1" * 5_000,
    "latin.json": '{"Comment": "é"}'.encode("latin-1"),
    "substitutions.json": '{"Name": 1}',
}


@dataclass(frozen=True)
class Case:
    """A wrong command.

    Args:
        name: what is wrong.
        command: the arguments.
        code: the exit code: 1 for a wrong definition, 2 for misuse.
        told: parts of the message.
    """

    name: str
    command: str
    code: int
    told: tuple[str, ...]


CASES = [
    Case("prose", "translate prose.json", 1, ("prose.json:1:1: error", "the definition must be a JSON object")),
    Case("a file that breaks off", "translate cut.json", 1, ("cut.json:4:1: error INVALID_JSON_DESCRIPTION",)),
    Case("a missing comma", "run comma.json", 1, ("comma.json:1:17: error INVALID_JSON_DESCRIPTION",)),
    Case("a list", "run list.json", 1, ("list.json:1:1: error", "must be a JSON object, not a list")),
    Case("an empty object", "compare empty.json", 1, ("empty.json:1:1: error", "'StartAt' and 'States' are required")),
    Case("an empty file", "translate nothing.json", 1, ("nothing.json:1:1: error", "the definition is empty")),
    Case("nesting without end", "run deep.json", 1, ("deep.json:1:1: error TOO_DEEPLY_NESTED",)),
    Case(
        "a dangling Next",
        "translate dangling.json",
        1,
        ("dangling.json:4:31: error MISSING_TRANSITION_TARGET /States/Start/Next", "'Sop' does not exist", "'Stop'"),
    ),
    Case(
        "an unknown type",
        "run type.json",
        1,
        ("type.json:4:11", "/States/A/Type", "'Parllel'", "did you mean 'Parallel'?"),
    ),
    Case("an unknown field", "compare field.json", 1, ("field.json:2:", "'Resutl'", "did you mean 'Result'?")),
    Case("no such file", "translate gone.json", 2, ("gone.json: there is no such file", "a state machine definition")),
    Case("a folder", "translate .", 2, (". is a folder; name the file",)),
    Case("a binary file", "lint binary.json", 2, ("binary.json: not UTF-8 text (byte 0)",)),
    Case("another encoding", "run latin.json", 2, ("latin.json: not UTF-8 text (byte 13)",)),
    Case("a name that no file can have", f"translate {'x' * 300}.json", 2, ("cannot be read: File name too long",)),
    Case(
        "an input that is no JSON",
        "run good.json --input {a:1}",
        2,
        ("--input '{a:1}': not JSON", "line 1, column 2", "--input @FILE"),
    ),
    Case(
        "a file's name without @",
        "run good.json --input good.json",
        2,
        ("'good.json': not JSON", "write --input @FILE"),
    ),
    Case(
        "an input file that is not there", "run good.json --input @gone.json", 2, ("gone.json: there is no such file",)
    ),
    Case(
        "an input file that is no JSON",
        "run good.json --input @cut.json",
        2,
        ("cut.json: not JSON", "line 4, column 1"),
    ),
    Case("an input that is no number", "run good.json --input [NaN]", 2, ("NaN is no JSON number",)),
    Case("an input too deep", "run good.json --input @deep.json", 2, ("deep.json: objects and lists lie too deep",)),
    Case("an input too long", "run good.json --input @digits.json", 2, ("digits.json: a number has too many digits",)),
    Case(
        "params that are too deep",
        "translate good.json --input " + '{"a":' * 129 + "1" + "}" * 129,
        2,
        ("nests deeper than 128",),
    ),
    Case("params that are no object", "translate good.json --input [1]", 2, ("Airflow's params are a JSON object",)),
    Case(
        "no such test case", "run task.json --mock mocks.json#Third", 2, ("no test case 'Third'", "M/First, M/Second")
    ),
    Case(
        "no test case named",
        "run task.json --mock mocks.json",
        2,
        ("First, Second", "name one: --mock mocks.json#CASE"),
    ),
    Case("a region without prices", "compare good.json --region moon-1", 2, ("no prices for moon-1", "--prices FILE")),
    Case(
        "an environment class without a price",
        "compare good.json --environment-class mw9.huge",
        2,
        ("no price of mw9.huge in us-east-1", "mw1.small"),
    ),
    Case("a report in no folder", "compare good.json --html gone/report.html", 2, ("gone/report.html", "no folder")),
    Case(
        "no such mock file",
        "compare task.json --mock gone.json",
        2,
        ("gone.json: there is no such file", "a mock configuration"),
    ),
    Case(
        "not a mock file",
        "run task.json --mock not_mocks.json",
        2,
        ("not_mocks.json: not a mock configuration file", "StateMachines"),
    ),
    Case(
        "a mock file that is no JSON", "run task.json --mock cut.json#C", 2, ("cut.json: not JSON", "line 4, column 1")
    ),
    Case(
        "a mock file that is a list",
        "run task.json --mock list.json#C",
        2,
        ("list.json: not a mock configuration file",),
    ),
    Case("a mock file too deep", "run task.json --mock deep.json#C", 2, ("deep.json: objects and lists lie too deep",)),
    Case(
        "a response that is not there",
        "run task.json --mock no_response.json#C",
        2,
        ("'Call' names the mocked response 'Gone'",),
    ),
    Case("a response with odd calls", "run task.json --mock bad_key.json#C", 2, ("the key 'first'", '"0" or "1-3"')),
    Case(
        "a task without a mock",
        "run task.json --mock mocks.json#First",
        2,
        ("state 'Call' calls arn:aws:lambda", "has no mock"),
    ),
    Case(
        "a task without a mock, compared",
        "compare task.json --mock mocks.json#First",
        2,
        ("state 'Call' calls arn:aws:lambda", "has no mock"),
    ),
    Case(
        "a mock of no state",
        "compare task.json --mock other_state.json",
        2,
        ("test case 'C' mocks state 'Cal', which the machine does not have; did you mean 'Call'?",),
    ),
    Case(
        "a mock of no state, run",
        "run task.json --mock other_state.json#C",
        2,
        ("mocks state 'Cal'", "did you mean 'Call'?"),
    ),
    Case(
        "an input of no case",
        "run task.json --mock other_input.json#C",
        2,
        ("\"Inputs\" names 'M/c', which is no Machine/Case of the file; did you mean 'M/C'?",),
    ),
    Case(
        "objects of no case",
        "run task.json --mock other_objects.json#C",
        2,
        ("\"Objects\" names 'Other', which is no Machine/Case of the file; it has M/C",),
    ),
    Case(
        "inputs that are no object",
        "run task.json --mock list_inputs.json#C",
        2,
        ('"Inputs" must be an object of Machine/Case and the input of that case',),
    ),
    Case("a machine's name that no case can have", "cases good.json --name A/B", 2, ("--name 'A/B'", "no '/'")),
    Case("cases of no definition", "cases prose.json", 1, ("the definition must be a JSON object",)),
    Case("cases into no folder", "cases good.json -o gone/mocks.json", 2, ("gone",)),
    Case("cases over the definition", "cases good.json -o good.json", 2, ("good.json", "Add --overwrite")),
    Case("cases that overwrite nothing", "cases good.json --overwrite", 2, ("--overwrite is for a file", "-o")),
    Case(
        "an unknown schedule",
        "translate good.json --schedule often",
        2,
        ("schedule 'often' is not understood: write cron(",),
    ),
    Case("a wrong DAG id", "translate good.json --dag-id a/b", 2, ("'a/b' is no DAG id: use letters",)),
    Case("a substitution too many", "translate good.json --substitutions Name=x", 2, ("substitutions not used: Name",)),
    Case(
        "substitutions that are no texts",
        "run good.json --substitutions substitutions.json",
        2,
        ("a JSON object of names and texts",),
    ),
    Case(
        "substitutions that are no file",
        "run good.json --substitutions Name",
        2,
        ("Name: there is no such file", "NAME=VALUE"),
    ),
    *(
        Case(
            f"{option} without costs: {without}",
            f"compare good.json {without} {option}",
            2,
            (f"{option.partition(' ')[0]} is for costs, and the report of {without.partition('=')[0]} has none",),
        )
        for without, option in (
            ("--style native", "--runs-per-month 9"),
            ("--target mwaa-serverless", "--region us-east-1"),
            ("--dag-file=dag.py", "--storage-gb 10"),
        )
    ),
    Case("an unknown option", "translate good.json --shedule x", 2, ("No such option", "--shedule", "--schedule")),
    Case("an unknown command", "tranlate good.json", 2, ("No such command 'tranlate'",)),
    Case("a side that does not exist", "run good.json --on mars", 2, ("'mars' is not one of 'engine', 'airflow'",)),
    Case("no file at all", "translate", 2, ("Missing argument 'FILE'",)),
    Case("no file to lint", "lint", 2, ("Missing argument 'FILE...'",)),
    Case("a file too many", "run good.json task.json", 2, ("unexpected extra argument",)),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all the wrong files; the commands run in it."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_command_is_told_in_a_sentence(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_command(case.command.split())
    out, err = capsys.readouterr()
    assert (code, out) == (case.code, "")
    for part in case.told:
        assert part in err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 5


def as_json_case(command: str) -> str:
    """The same command with --json."""
    return f"{command} --json"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name in ("a dangling Next", "no such file", "no such test case")],
    ids=lambda case: case.name,
)
def test_with_json_nothing_wrong_goes_to_standard_output(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(as_json_case(case.command).split()) == case.code
    out, err = capsys.readouterr()
    assert out == "" and case.told[0] in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "good.json").chmod(0)
    assert run_command(["translate", "good.json"]) == 2
    assert "good.json: cannot be read: Permission denied" in capsys.readouterr().err


def test_a_file_that_may_not_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(text_files, "_read_bytes", refuse)
    for command in ("translate good.json", "lint good.json", "run good.json --mock mocks.json#First"):
        assert run_command(command.split()) == 2
        assert "Permission denied" in capsys.readouterr().err


Write = Callable[..., int]


@pytest.mark.parametrize("command", ["translate good.json -o", "compare good.json -o"])
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("gone/dag.py", "there is no folder gone; create it first"),
        ("taken", "taken is a folder; name the file to write in it"),
        ("good.json/dag.py", "good.json is a file; name a folder"),
        ("/proc/dag.py", "/proc/dag.py: cannot be written"),
        (f"{'x' * 300}.py", "cannot be written: File name too long"),
    ],
)
def test_nothing_is_left_where_a_file_cannot_be_written(
    command: str, target: str, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "taken").mkdir()
    before = sorted(path.name for path in folder.rglob("*"))
    assert run_command([*command.split(), target]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err and "Traceback" not in err
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (folder / "dag.py").write_text("before")
    monkeypatch.setattr(Path, "replace", refuse)
    before = sorted(path.name for path in folder.iterdir())
    assert run_command(["translate", "good.json", "-o", "dag.py", "--overwrite"]) == 2
    assert "dag.py: cannot be written: No space left on device" in capsys.readouterr().err
    assert (folder / "dag.py").read_text() == "before"
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_definition_that_is_wrong_leaves_the_output_alone(folder: Path) -> None:
    (folder / "dag.py").write_text("before")
    assert run_command(["translate", "dangling.json", "-o", "dag.py"]) == 1
    assert (folder / "dag.py").read_text() == "before"
