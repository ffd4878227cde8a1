"""Python functions, called as Lambda calls them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.server.tasks.python_functions import LambdaContext, call_handler, load_handler

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


class BrokenRuleError(Exception):
    """An error of a function's own."""


def _fail(event: Any, context: LambdaContext) -> Any:
    raise BrokenRuleError("rule 7")


def _exit(event: Any, context: LambdaContext) -> Any:
    sys.exit(3)


@dataclass(frozen=True)
class Case:
    """A function, and the members of its payload; an error where it has failed."""

    function: Callable[[Any, LambdaContext], Any]
    payload: Any
    failed: bool = False


CASES = {
    "a value": Case(lambda event, context: {"twice": event["n"] * 2}, {"twice": 14}),
    "nothing": Case(lambda event, context: None, None),
    "decimals": Case(lambda event, context: [Decimal("1.5"), Decimal(3)], [1.5, 3]),
    "the context": Case(
        lambda event, context: [context.function_name, context.invoked_function_arn, context.function_version],
        ["f", ARN, "$LATEST"],
    ),
    "time left": Case(lambda event, context: 890_000 < context.get_remaining_time_in_millis() <= 900_000, True),
    "an exception": Case(_fail, {"errorType": "BrokenRuleError", "errorMessage": "rule 7"}, True),
    "an exit": Case(_exit, {"errorType": "Runtime.ExitError"}, True),
    "no JSON": Case(lambda event, context: {1, 2}, {"errorType": "Runtime.MarshalError"}, True),
    "a number that JSON has not": Case(
        lambda event, context: float("nan"), {"errorType": "Runtime.MarshalError"}, True
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_call(name: str) -> None:
    case = CASES[name]
    invocation = call_handler(case.function, "f", ARN, b'{"n": 7}')
    found = json.loads(invocation.payload)
    assert invocation.failed is case.failed
    assert {key: found[key] for key in case.payload} == case.payload if case.failed else found == case.payload


def test_the_trace_of_an_error_begins_in_the_function() -> None:
    details = json.loads(call_handler(_fail, "f", ARN, b"{}").payload)
    assert len(details["stackTrace"]) == 1 and "rule 7" in details["stackTrace"][0]
    assert details["requestId"]


def test_a_function_is_imported_from_a_module_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "helper.py").write_text(f"PLACE = '{folder}'\n")
        (tmp_path / folder / "app.py").write_text(f"def handler(event, context):\n    return '{folder}'\n")
    (tmp_path / "handlers_of_this_test.py").write_text("def charge(event, context):\n    return event\n")
    assert load_handler("handlers_of_this_test:charge")(5, None) == 5  # type: ignore[arg-type]
    assert load_handler("one/app.py:handler")(5, None) == "one"  # type: ignore[arg-type]
    assert load_handler("two/app.py:handler")(5, None) == "two"  # type: ignore[arg-type]


REFUSED = {
    "module": "names no function: write module:function",
    "no.such.module:f": "cannot be imported: ModuleNotFoundError: No module named 'no'",
    "nothing.py:f": "cannot be imported: FileNotFoundError: there is no file nothing.py",
    "json:dmps": "json has no function 'dmps'; it has",
    "broken.py:f": r"cannot be imported: ZeroDivisionError: division by zero \(line 2 of .*broken.py\)",
    "leaves.py:f": "cannot be imported: SystemExit: 4",
    "json:__name__.x": "names no function",
}


@pytest.mark.parametrize("target", REFUSED)
def test_what_is_no_function_is_refused(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "broken.py").write_text("\n1 / 0\n")
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(4)\n")
    with pytest.raises(UsageError, match=REFUSED[target]):
        load_handler(target)
