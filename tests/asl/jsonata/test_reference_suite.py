"""The test suite of the reference implementation, JSONata 2.0.6; skipped where it is not beside the repository.

AWS has no input document. Here it is the context, as the reference makes it: an array is wrapped, so that it counts as
one value.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from sfn_provider.asl.jsonata import EvaluationLimits, compile_jsonata

SUITE: Final = Path(__file__).parents[4] / "shared/jsonata/test-suite"

BEYOND_AWS: Final = {
    "function-eval": "AWS has no $eval",
    "range-operator/case021": "an array of more than 873,782 items",
    "range-operator/case024": "an array of more than 873,782 items",
    "tail-recursion/case001": "deeper than 100 evaluations",
}
"""Cases, or groups of them, that AWS fails by its own bounds."""

SLOW: Final = ("flattening/large", "performance/")
"""Cases that take seconds; they are right, too."""

ENTERED: Final = {"State": {"EnteredTime": "2024-02-29T12:34:56.789Z"}}

ENDLESS: Final = ("U1001", None)
"""The suite's code for too deep or too long an evaluation, and AWS's error, which has none."""

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason="the reference's suite is not here")


def read_cases(group: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((SUITE / "groups" / group).glob("*.json")):
        found = json.loads(file.read_text())
        for number, case in enumerate(found if isinstance(found, list) else [found]):
            if "expr-file" in case:
                case["expr"] = (file.parent / case["expr-file"]).read_text()
            yield f"{group}/{file.stem}" + (f"[{number}]" if isinstance(found, list) else ""), case


def read_data(case: dict[str, Any]) -> tuple[bool, Any]:
    if "data" in case or not case.get("dataset"):
        return "data" in case, case.get("data")
    return True, json.loads((SUITE / f"datasets/{case['dataset']}.json").read_text())


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Evaluate a case: ``{"result": ...}``, ``{}`` for undefined, or ``{"code": ...}``."""
    compile_jsonata("1", "Output")  # imports the library as the package does
    from sfn_provider.asl.jsonata.evaluation.evaluator import Evaluator
    from sfn_provider.asl.jsonata.library import JException, Sequence
    from sfn_provider.asl.jsonata.syntax.parser import ParseError, parse
    from sfn_provider.asl.jsonata.values import from_value, to_value

    try:
        tree = parse(case["expr"])
    except ParseError as error:
        return {"code": error.code}
    given, data = read_data(case)
    context = to_value(data) if given else None
    if isinstance(context, list):
        context = Sequence([context])
        context.sequence = context.outer_wrapper = True
    evaluator = Evaluator(case.get("bindings") or {}, ENTERED, random.Random(1), EvaluationLimits())
    evaluator.environment.bind("$", context)
    try:
        value = evaluator.eval(tree, context, evaluator.environment)
    except JException as error:
        return {"code": error.error}
    return {} if value is None else {"result": from_value(value)}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return math.isclose(left, right, rel_tol=1e-9)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return type(left) is type(right) and bool(left == right)


def is_right(case: dict[str, Any], found: dict[str, Any]) -> bool:
    if "result" in case:
        return "result" in found and same(found["result"], case["result"])
    code = case.get("code") or case.get("error", {}).get("code")
    return found.get("code", "") in (ENDLESS if code == "U1001" else (code,)) if code else found == {}


@pytest.fixture
def wrapped_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``$`` and functions that read the context unwrap the document, which the evaluator has no need to."""
    compile_jsonata("1", "Output")
    from sfn_provider.asl.jsonata.evaluation import evaluator

    def unwrap(value: Any) -> Any:
        return value[0] if getattr(value, "outer_wrapper", False) else value

    handle = evaluator._HANDLERS["variable"]
    monkeypatch.setitem(evaluator._HANDLERS, "variable", lambda *args: unwrap(handle(*args)))
    apply = evaluator.Evaluator.apply_inner
    monkeypatch.setattr(
        evaluator.Evaluator,
        "apply_inner",
        lambda self, proc, args, input, environment: apply(self, proc, args, unwrap(input), environment),
    )


@pytest.mark.usefixtures("wrapped_root")
@pytest.mark.parametrize("group", sorted(path.name for path in SUITE.glob("groups/*")) or ["none"])
def test_answers_are_those_of_the_reference(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if group == "tail-recursion":
        limits = partial(EvaluationLimits, 200_000)
        monkeypatch.setattr("tests.asl.jsonata.test_reference_suite.EvaluationLimits", limits)
    cases = [
        (name, case)
        for name, case in read_cases(group)
        if not {name, group} & BEYOND_AWS.keys() and not name.startswith(SLOW)
    ]
    wrong = [(name, case["expr"], found) for name, case in cases if not is_right(case, found := answer(case))]
    assert not wrong


def test_the_suite_is_whole() -> None:
    counts = Counter(path.parent.name for path in SUITE.glob("groups/*/*.json"))
    assert len(counts) == 100 and sum(len(list(read_cases(group))) for group in counts) == 1_625
