"""A definition that is opened once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl import InvalidDefinition, StateMachine
from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.document import Document, SourceMap, open_machine
from sfn_provider.compare import make_cases
from sfn_provider.engine import simulate
from sfn_provider.translate import translate

MACHINE: dict[str, Any] = {
    "StartAt": "Call",
    "States": {
        "Call": {"Type": "Task", "Resource": "${Function}", "Parameters": {"FunctionName": "f"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "In", "States": {"In": {"Type": "Succeed"}}}],
            "End": True,
        },
    },
}


def test_an_object_and_its_text_have_the_same_model() -> None:
    opened = [Document.open(source) for source in (MACHINE, json.dumps(MACHINE))]
    assert opened[0].machine == opened[1].machine
    assert [document.value for document in opened] == [MACHINE, MACHINE]
    assert [document.text for document in opened] == [None, json.dumps(MACHINE)]


def test_problems_are_not_raised_before_the_model_is_read() -> None:
    document = Document.open('{"StartAt": "A",\n "States": {"A": {"Type": "Pass", "Next": "B"}}}')
    assert ("MISSING_TRANSITION_TARGET", 2) in [(found.code, found.line) for found in document.diagnostics]
    with pytest.raises(InvalidDefinition) as raised:
        _ = document.machine
    assert raised.value.diagnostics == document.diagnostics


def test_another_execution_type_is_checked_again() -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:approve", "End": True}
    document = Document.open({"StartAt": "A", "States": {"A": state}})
    assert document.diagnostics == ()
    assert replace(document, execution_type="EXPRESS").diagnostics != ()


def test_a_translation_decodes_and_validates_a_definition_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text, calls = json.dumps(MACHINE), []
    decode, validate = json.loads, StateMachine.model_validate

    def counted_loads(source: str, **options: Any) -> Any:
        calls.extend(["decode"] if source == text else [])
        return decode(source, **options)

    def counted_validate(value: Any) -> StateMachine:
        calls.append("validate")
        return validate(value)

    monkeypatch.setattr(json, "loads", counted_loads)
    monkeypatch.setattr(StateMachine, "model_validate", counted_validate)
    made = translate(text, dag_id="once")
    assert calls == ["decode", "validate"]
    assert [entry.location for entry in made.states] == [
        "/States/Call",
        "/States/Both",
        "/States/Both/Branches/0/States/In",
    ]


@dataclass(frozen=True)
class Case:
    id: str
    source_map: SourceMap
    is_text: bool
    line: int | None
    place: tuple[int | None, int | None]


CASES = [
    Case("the whole file", SourceMap(first_line=1), True, 3, (3, 7)),
    Case("a block of text in the file", SourceMap(first_line=10), True, 3, (12, 1)),
    Case("text on one line of the file", SourceMap(positions={"": (5, 2)}), True, 3, (5, 2)),
    Case("text without a position", SourceMap(), True, 3, (None, None)),
    Case("an object in the file", SourceMap(positions={"": (5, 2), "/States/A": (8, 4)}), False, None, (8, 4)),
    Case("an object, nearest ancestor", SourceMap(positions={"": (5, 2), "/States": (7, 4)}), False, None, (7, 4)),
    Case("an object without a file", SourceMap(), False, None, (None, None)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_positions_in_the_file_around(case: Case) -> None:
    column = 7 if case.line is not None else None
    found = Diagnostic("error", "X", "message", "/States/A/Next", case.line, column)
    mapped = case.source_map.apply(found, is_text=case.is_text)
    assert mapped == replace(found, line=case.place[0], column=case.place[1])


LONG_WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 4000, "End": True}}}


@pytest.mark.parametrize("definition", [None, [LONG_WAIT], ("A",), b"{}", Path("a.json")], ids=type)
@pytest.mark.parametrize("use", [open_machine, partial(simulate, input={}), partial(translate, dag_id="x"), make_cases])
def test_what_is_no_definition_is_refused_as_one(use: Callable[[Any], Any], definition: Any) -> None:
    with pytest.raises(InvalidDefinition, match=r"JSON (object|value)"):
        use(definition)


def test_an_opened_document_has_its_own_type() -> None:
    express = Document.open(LONG_WAIT, "EXPRESS")
    assert simulate(express, {}).status == simulate(LONG_WAIT, {}, execution_type="EXPRESS").status == "TIMED_OUT"
    standard = Document.open(LONG_WAIT, "STANDARD")
    assert simulate(standard, {}, execution_type="EXPRESS").status == "SUCCEEDED"
