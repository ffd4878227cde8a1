"""Completion in a shell: commands, choices, files, and what stands in files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from sfn_provider.cli import cli
from tests.fixtures.machines.definitions import END, call, machine

MOCKS = {
    "StateMachines": {"Boats": {"TestCases": {"Calm": {"Count": "Few"}, "Storm": {"Count": "Few"}}}},
    "MockedResponses": {"Few": {"0": {"Return": 1}}},
}


@dataclass(frozen=True)
class Case:
    """A line of a shell and what its last word can become: values, or the kind of name that the shell completes."""

    name: str
    line: str
    values: list[str]
    kind: str = "plain"


CASES = [
    Case("commands", "tra", ["translate"]),
    Case("options", "cases --na", ["--name"]),
    Case("choices", "translate --style ", ["exact", "native"]),
    Case("definition", "lint boa", ["boa"], "file"),
    Case("DAG file", "translate boats.json -o da", ["da"], "file"),
    Case("folder", "package -o up", ["up"], "dir"),
    Case("test case", "run boats.json --mock mocks.json#", ["mocks.json#Calm", "mocks.json#Storm"]),
    Case("test case of compare", "compare boats.json --mock mocks.json#S", ["mocks.json#Storm"]),
    Case("test case of a file that is none", "run boats.json --mock boats.json#", []),
    Case("test case of no file", "run boats.json --mock nothing.json#", []),
    Case("state", "test-state boats.json#D", ["boats.json#Done"]),
    Case("state of a file that is none", "test-state mocks.json#D", []),
    Case("input from a file", "run boats.json --input @mo", ["@mocks.json"]),
    Case("input", "run boats.json --input mo", []),
    Case("region", "compare boats.json --region eu-west-", ["eu-west-1", "eu-west-2", "eu-west-3"]),
    Case("class", "compare boats.json --environment-class mw1.s", ["mw1.small"]),
    Case("version", "package --airflow-version 3.0", ["3.0.6"]),
    Case("time zone", "translate boats.json --timezone Europe/Ber", ["Europe/Berlin"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_word_is_completed(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boats.json").write_text(json.dumps(machine({"Count": call("Done"), "Done": END})))
    (tmp_path / "mocks.json").write_text(json.dumps(MOCKS))
    monkeypatch.chdir(tmp_path)
    *words, incomplete = case.line.split(" ")
    shell = BashComplete(cli, {}, "sfn-provider", "_SFN_PROVIDER_COMPLETE")
    found = shell.get_completions(words, incomplete)
    assert ([item.value for item in found], {item.type for item in found} or {"plain"}) == (case.values, {case.kind})
