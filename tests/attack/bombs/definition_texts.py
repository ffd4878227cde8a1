"""Bombs in the text of definitions: blank lines, depth, long names, aliases, placeholders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.attack.bombs.bomb import Bomb, definition_bomb, nested

_PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, %s}}}'


_TEXTS: dict[str, Any] = {
    "blank lines": lambda: "\n" * 40_000,
    "blank lines before": lambda: "\n" * 400_000 + '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
    "a megabyte of blanks inside": lambda: (
        '{"StartAt": "A",' + " " * 1_000_000 + '"States": {"A": {"Type": "Succeed"}}}'
    ),
    "slashes": lambda: "/" * 100_000,
    "comments not closed": lambda: "/*" * 50_000,
    "comments after a brace": lambda: "{" + "/*" * 50_000,
    "quotes not closed": lambda: '{"' + '\\"' * 100_000,
    "quotes": lambda: '{"a' * 50_000,
    "lone quote after blanks": lambda: "{" + " " * 50_000 + '"',
    "commas": lambda: '{"a": [' + ",\n" * 50_000 + "]}",
    "commas before blanks": lambda: '{"a": [1' + (", " + " " * 200) * 2_000 + "]}",
    "openings of placeholders": lambda: _PASS % ('"Comment": "' + "${" * 100_000 + '"'),
    "openings of placeholders outside": lambda: _PASS % ('"Comment": ' + "${" * 50_000),
    "placeholders": lambda: _PASS % ('"Comment": "' + "".join(f"${{v{n}}}" for n in range(50_000)) + '"'),
    "placeholders outside": lambda: _PASS % ('"Seconds": ' + "".join(f"${{v{n}}}" for n in range(20_000))),
    "brackets": lambda: nested(100_000),
    "brackets not closed": lambda: "[" * 500_000,
    "braces not closed": lambda: '{"a":' * 100_000,
    "depth 900": lambda: _PASS % ('"Result": ' + nested(900)),
    "depth 900 of objects": lambda: _PASS % ('"Result": ' + nested(900, '{"a":', "}")),
    "depth 120": lambda: _PASS % ('"Result": ' + nested(120)),
    "digits": lambda: _PASS % ('"Result": ' + "9" * 5_000),
    "digits within": lambda: _PASS % ('"Result": ' + "9" * 4_000),
    "1e999": lambda: _PASS % '"Result": 1e999',
    "many digits of a float": lambda: _PASS % ('"Result": 0.' + "9" * 200_000),
    "NaN": lambda: _PASS % '"Result": NaN',
    "surrogate": lambda: _PASS % '"Result": "\\ud800", "Comment": "\\udfff"',
    "surrogate name": lambda: '{"StartAt": "\\ud800", "States": {"\\ud800": {"Type": "Succeed"}}}',
    "surrogate in a field": lambda: _PASS % '"\\ud800": 1',
    "control characters": lambda: _PASS % '"\\u001b[31m\\u0007x\\u202e": 1, "\\r\\n::error::x": 2',
    "control characters in names": lambda: (
        '{"StartAt": "\\u001b[2J", "States": {"\\u001b[2J": {"Type": "Pas\\u001bs", "Next": "\\u0000\\u202e"}}}'
    ),
    "a long name": lambda: _PASS % ('"' + "x" * 500_000 + '": 1'),
    "a long value of an enumeration": lambda: _PASS % ('"QueryLanguage": "' + "x" * 500_000 + '"'),
    "many unknown fields": lambda: _PASS % ",".join(f'"Resul{n}": 1' for n in range(20_000)),
    "a field many times": lambda: _PASS % ",".join('"Result": 1' for n in range(50_000)),
    "yaml brackets": lambda: "a: " + "[" * 100_000,
    "yaml braces": lambda: "a: " + "{" * 50_000,
    "yaml depth by lines": lambda: "\n".join(" " * n + "a:" for n in range(1_500)),
    "yaml depth by dashes": lambda: "- " * 20_000,
    "yaml question marks": lambda: "? " * 20_000,
    "yaml aliases": lambda: _yaml_laughs("a", 9, 30),
    "yaml aliases of texts": lambda: f"a: &a {'x' * 100_000}\nb: [" + "*a, " * 2_000 + "]",
    "yaml anchors": lambda: "a: [" + ", ".join(f"&a{n} 1" for n in range(50_000)) + "]",
    "yaml alias of itself": lambda: "a: &a [*a]",
    "yaml merge keys": lambda: "a: &a {x: 1}\n<<: [" + "*a, " * 1_000 + "]",
    "yaml tags": lambda: "a: !!python/object/apply:os.system ['true']",
    "yaml surrogates": lambda: 'StartAt: "\\ud800"\nStates: {"\\ud800": {Type: Succeed}}',
    "yaml long number": lambda: "a: " + "9" * 100_000,
    "yaml long hexadecimal": lambda: "a: 0x" + "f" * 100_000,
    "yaml long float": lambda: "a: " + "9" * 100_000 + "e5",
    "yaml directives": lambda: "%YAML 1.2\n" * 20_000,
    "yaml documents": lambda: "---\n" * 100_000,
    "yaml comments": lambda: "# x\n" * 100_000 + "StartAt: A\n",
    "yaml folded": lambda: "Comment: >\n" + "  x\n\n" * 50_000 + "StartAt: A\n",
    "yaml blank lines": lambda: "Comment: x" + "\n" * 500_000,
    "yaml null bytes": lambda: "Comment: \x00\x00",
    "two megabytes": lambda: '{"Comment": "' + "x" * 2_000_000 + '"}',
    "twenty megabytes": lambda: '{"Comment": "' + "x" * 20_000_000 + '"}',
    "twenty megabytes of lists": lambda: '{"Comment": [' + "[]," * 7_000_000 + "[]]}",
    "twenty megabytes of yaml": lambda: "a:\n" + "- [x, y]\n" * 2_000_000,
    "only a byte order mark": lambda: "\ufeff",
    "null bytes": lambda: "\x00" * 100_000,
}


def _yaml_laughs(first: str, levels: int, width: int) -> str:
    lines = [f"{first}0: &{first}0 x"]
    lines += [f"{first}{n}: &{first}{n} [{', '.join([f'*{first}{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    return chain.from_iterable(definition_bomb(name, make) for name, make in _TEXTS.items())
