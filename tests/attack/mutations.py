"""Mutates the definitions of this repository: the same mutation for the same number, in text and in structure."""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from tests.fixtures.machines.random_machines import make_case

Json = Any
ROOT = Path(__file__).parents[2]

_VALUES: tuple[Json, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        5,
        2**31,
        2**63,
        10**400,
        1e308,
        -0.0,
        "",
        "$",
        "$$",
        "$.a",
        "$.a[*]",
        "$..*",
        "$v",
        "{% %}",
    ),
    *(
        "{% $x %}",
        "{% $states.input %}",
        "{% [1..9] %}",
        "{% ( %}",
        "${x}",
        "$.${x}",
        "\ud800",
        "\x00\x1b[2J\u202e",
        "x" * 300,
    ),
    *(
        "States.ALL",
        "States.Runtime",
        "States.Format('{}', $.a)",
        "States.Array(",
        "arn:aws:states:::lambda:invoke.sync",
    ),
    *("arn:aws:states:::aws-sdk:s3:getObject", "rate(1 day)", "2025-01-01T00:00:00Z", "99999-01-01T00:00:00Z"),
    *([], {}, [[]], {"": ""}, {"a.$": "$"}, [None], {"Type": "Pass"}, {"StartAt": "A", "States": {}}),
)
_NAMES = (
    *(
        "Type",
        "Next",
        "End",
        "Parameters",
        "Arguments",
        "Output",
        "Assign",
        "ResultPath",
        "InputPath",
        "OutputPath",
        "Retry",
    ),
    *(
        "Catch",
        "Choices",
        "Condition",
        "Branches",
        "ItemProcessor",
        "Iterator",
        "ItemReader",
        "ResultWriter",
        "Items",
        "Seconds",
    ),
    *(
        "QueryLanguage",
        "TimeoutSeconds",
        "MaxConcurrency",
        "Credentials",
        "Resource",
        "Comment",
        "a.$",
        "",
        "\ud800",
        "\x1b",
    ),
)
_CHARACTERS = "{}[]\",:\\/*#&!%$@'`-+.0123456789eE \n\t\x00\ud800\u2028aZ"


@cache
def _definitions() -> tuple[str, ...]:
    files = sorted(ROOT.glob("tests/golden/*/machine.asl.*")) + sorted(ROOT.glob("dags/*.asl.json"))
    return tuple(file.read_text(encoding="utf-8") for file in files)


def make_mutation(number: int) -> str:
    """Return the mutated definition of a number."""
    draw = random.Random(number)
    if draw.random() < 0.5:
        return _mutate_text(draw, draw.choice(_definitions()))
    value = copy.deepcopy(make_case(number).definition)  # its parts are those of other machines, too
    for _ in range(draw.randint(1, 4)):
        _mutate_value(draw, value)
    text = json.dumps(value)
    return _mutate_text(draw, text) if draw.random() < 0.1 else text


def _mutate_text(draw: random.Random, text: str) -> str:
    for _ in range(draw.randint(1, 5)):
        at = draw.randrange(len(text) + 1)
        end = min(len(text), at + draw.choice((0, 1, 2, 10, 200)))
        piece = draw.choice(
            (
                "",
                draw.choice(_CHARACTERS),
                draw.choice(_CHARACTERS) * draw.choice((2, 50, 2_000)),
                text[end : end + draw.randrange(200)],
                json.dumps(draw.choice(_VALUES)),
            )
        )
        text = text[:at] + piece + text[end:]
    return text


def _mutate_value(draw: random.Random, value: Json) -> None:
    """Change one place in a JSON value."""
    holders = [part for part in _parts(value) if isinstance(part, (dict, list)) and part]
    if not holders:
        return
    holder = draw.choice(holders)
    key = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
    change = draw.random()
    if change < 0.5:
        holder[key] = copy.deepcopy(draw.choice(_VALUES))
    elif change < 0.65:
        del holder[key]
    elif change < 0.8 and isinstance(holder, dict):
        holder[draw.choice(_NAMES)] = holder[key]
    elif change < 0.9 and isinstance(holder, dict):
        holder[draw.choice(_NAMES)] = copy.deepcopy(draw.choice(_VALUES))
    else:
        holder[key] = json.loads(json.dumps(draw.choice(list(_parts(value)))))


def _parts(value: Json) -> list[Json]:
    found = [value]
    for part in found:  # which grows meanwhile
        if isinstance(part, dict):
            found += part.values()
        elif isinstance(part, list):
            found += part
    return found


def try_mutations(numbers: range) -> list[tuple[int, str]]:
    """Check, translate in both styles and run the definitions of numbers.

    Returns:
        Number and what was wrong of each that ended in an exception that no caller expects.
    """
    found = ((number, try_definition(make_mutation(number))) for number in numbers)
    return [(number, problem) for number, problem in found if problem]


def try_definition(text: str) -> str:
    """Check, translate in both styles and run a definition.

    Returns:
        The exception that no caller expects, and what raised it; an empty text for none.
    """
    for what, use in _USES:
        try:
            use(text)
        except Exception as error:
            return f"{what}: {type(error).__name__}: {str(error)[:200]}"
    return ""


def _lint(text: str) -> None:
    from sfn_provider.asl import lint

    lint(text)


def _translate(text: str, style: str) -> None:
    from sfn_provider.exceptions import SfnProviderError
    from sfn_provider.translate import translate

    try:
        source = translate(text, dag_id="mutated", style=style).source  # type: ignore[arg-type]
    except SfnProviderError:
        return
    compile(source, "mutated.py", "exec")


def _run(text: str) -> None:
    from sfn_provider.engine import simulate
    from sfn_provider.exceptions import SfnProviderError

    try:
        simulate(text, {"k": 1, "l": [1, 2]}, mocks={})
    except SfnProviderError:
        return


_USES = (
    ("lint", _lint),
    ("translate", lambda text: _translate(text, "exact")),
    ("translate natively", lambda text: _translate(text, "native")),
    ("run", _run),
)
