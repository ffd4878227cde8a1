"""Bombs in CloudFormation and SAM templates that hold state machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.attack.bombs.bomb import Bomb, as_text, file_bomb, nested

_MACHINE = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'


_TYPE = "AWS::Serverless::StateMachine"


def _template(properties: Any, **sections: Any) -> Any:
    return {**sections, "Resources": {"M": {"Type": _TYPE, "Properties": properties}}}


def _doubled_sub(levels: int) -> Any:
    found: Any = "x"
    for _ in range(levels):
        found = {"Fn::Sub": ["${a}${a}", {"a": found}]}
    return _template({"DefinitionString": found})


def _doubled_join(levels: int) -> Any:
    found: Any = "x"
    for _ in range(levels):
        found = {"Fn::Join": ["", [found, found]]}
    return found


def _alias_join(levels: int, width: int) -> str:
    lines = ["Mappings:", "  A0: &A0 x"]
    for level in range(1, levels):
        parts = ", ".join([f"*A{level - 1}"] * width)
        lines.append(f"  A{level}: &A{level} {{'Fn::Join': ['', [{parts}]]}}")
    return "\n".join(
        [
            *lines,
            "Resources:",
            "  M:",
            f"    Type: {_TYPE}",
            "    Properties:",
            f"      DefinitionString: *A{levels - 1}",
        ]
    )


def _laughs(width: int) -> str:
    lines = ["Mappings:", "  A0: &A0 x"]
    lines += [f"  A{n}: &A{n} [{', '.join([f'*A{n - 1}'] * width)}]" for n in range(1, 30)]
    return "\n".join([*lines, "Resources:", "  M:", f"    Type: {_TYPE}", "    Properties: {Definition: *A29}"])


def _merges() -> str:
    lines = ["Mappings:", "  A0: &A0 {a: 1, b: 2}"]
    lines += [f"  A{n}: &A{n} {{<<: [{', '.join([f'*A{n - 1}'] * 10)}], c{n}: 1}}" for n in range(1, 20)]
    return "\n".join([*lines, "Resources:", f"  M: {{Type: {_TYPE}, Properties: {{Definition: *A19}}}}"])


def _events(**event: Any) -> Any:
    return _template({"DefinitionString": _MACHINE, "Events": {"E": {"Type": "Schedule", "Properties": event}}})


_TEMPLATES: dict[str, Callable[[], Any]] = {
    "Fn::Sub that doubles": lambda: _doubled_sub(40),
    "Fn::Sub that doubles, deeper than permitted": lambda: _doubled_sub(90),
    "Fn::Sub of many variables": lambda: _template({"DefinitionString": {"Fn::Sub": "${a}" * 100_000}}),
    "Fn::Sub that repeats a large value": lambda: _template(
        {"DefinitionString": {"Fn::Sub": ["${a}" * 20_000, {"a": "x" * 100_000}]}}
    ),
    "Fn::Sub without its end": lambda: _template({"DefinitionString": {"Fn::Sub": "${a" * 100_000}}),
    "Fn::Sub of nothing": lambda: _template({"DefinitionString": {"Fn::Sub": []}}),
    "Fn::Join that doubles": lambda: _template({"DefinitionString": _doubled_join(16)}),
    "Fn::Join by aliases": lambda: _alias_join(40, 10),
    "Fn::Join of a large separator": lambda: _template(
        {"DefinitionString": {"Fn::Join": ["x" * 100_000, ["y"] * 20_000]}}
    ),
    "Fn::Split into characters": lambda: _template({"Definition": {"Fn::Split": ["a", "ab" * 400_000]}}),
    "Fn::Base64 of Fn::Base64": lambda: _template({"DefinitionString": _base64(60)}),
    "Fn::ToJsonString of Fn::ToJsonString": lambda: _template({"DefinitionString": _to_json(40)}),
    "Fn::Select with a huge index": lambda: _template({"DefinitionString": {"Fn::Select": ["9" * 5_000, ["a"]]}}),
    "Fn::Select with an odd digit": lambda: _template({"DefinitionString": {"Fn::Select": ["\u00b2", ["a"]]}}),
    "Fn::FindInMap of lists": lambda: _template({"DefinitionString": {"Fn::FindInMap": [[], {}, 1]}}),
    "Fn::If": lambda: _template({"Definition": {"Fn::If": [1]}}),
    "Fn::GetAtt of objects": lambda: _template({"DefinitionString": {"Fn::GetAtt": [{}, []]}}),
    "a function that nobody knows": lambda: _template({"Definition": {"Fn::" + "x" * 100_000: 1}}),
    "aliases": lambda: _laughs(10),
    "merge keys": _merges,
    "an alias of itself": lambda: f"Resources:\n  M: &m\n    Type: {_TYPE}\n    Properties: {{Definition: *m}}",
    "depth": lambda: (
        '{"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": '
        + nested(900)
        + "}}}}"
    ),
    "more depth": lambda: '{"Resources": ' + "[" * 200_000,
    "yaml depth": lambda: "Resources:\n  M: " + "[" * 100_000,
    "yaml surrogates": lambda: f'Resources:\n  M: {{Type: "{_TYPE}", Properties: {{DefinitionString: "\\ud800"}}}}',
    "JSON surrogates": lambda: _template(
        {"DefinitionString": "\ud800", "DefinitionSubstitutions": {"\ud800": "\udfff"}}
    ),
    "a number of many digits": lambda: (
        '{"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "X": ' + "9" * 5_000 + "}}}"
    ),
    "substitutions that repeat": lambda: _template(
        {"DefinitionString": "${a}" * 20_000, "DefinitionSubstitutions": {"a": "x" * 100_000}}
    ),
    "substitutions that name themselves": lambda: _template(
        {"DefinitionString": '{"Comment": "${a}"}', "DefinitionSubstitutions": {"a": "${a}${a}"}},
        Parameters={"a": {"Type": "String", "Default": "${a}${a}"}},
    ),
    "properties of all types": lambda: _template(
        {"Definition": [], "DefinitionSubstitutions": [], "Events": [], "Type": [], "Tags": 1, "Role": None}
    ),
    "resources of all types": lambda: {"Resources": {"M": [], "N": None, "O": {"Type": []}, "P": {"Type": _TYPE}}},
    "thousands of resources": lambda: {
        "Resources": {f"M{n}": {"Type": _TYPE, "Properties": {"DefinitionString": _MACHINE}} for n in range(3_000)}
    },
    "a definition outside": lambda: _template({"DefinitionUri": "../../../../../../etc/passwd"}),
    "a definition that is a device": lambda: _template({"DefinitionUri": "/dev/zero"}),
    "a definition that is a link": lambda: _template({"DefinitionUri": {"Ref": "a"}}),
    "rate(99999999999 days)": lambda: _events(Schedule="rate(99999999999 days)"),
    "rate of many digits": lambda: _events(Schedule="rate(" + "9" * 5_000 + " minutes)"),
    "rate of other digits": lambda: _events(Schedule="rate(\u0663 days)"),
    "cron of ranges": lambda: _events(Schedule="cron(0-99999999999 * * * ? *)"),
    "cron of steps": lambda: _events(Schedule="cron(*/99999999999 */0 * * ? *)"),
    "cron of commas": lambda: _events(Schedule="cron(" + "0," * 100_000 + "0 * * * ? *)"),
    "cron of blanks": lambda: _events(Schedule="cron(" + " " * 100_000 + ")"),
    "at of a year": lambda: _events(Schedule="at(99999-01-01T00:00:00)"),
    "an input of NaN": lambda: _events(Schedule="rate(1 day)", Input="[NaN, Infinity, 1e999]"),
    "an input that is deep": lambda: _events(Schedule="rate(1 day)", Input=nested(100_000)),
    "an input that is 900 deep": lambda: _events(Schedule="rate(1 day)", Input=nested(900, '{"a":', "}")),
    "an input of digits": lambda: _events(Schedule="rate(1 day)", Input='{"a": ' + "9" * 5_000 + "}"),
    "an input of surrogates": lambda: _events(Schedule="rate(1 day)", Input='{"\\ud800": "\\udfff"}'),
    "an input of variables": lambda: _events(Schedule="rate(1 day)", Input='{"a": "' + "<a" * 100_000 + '"}'),
    "an input of placeholders": lambda: _events(Schedule="rate(1 day)", Input='{"a": "' + "${" * 100_000 + '"}'),
    "an input that is no text": lambda: _events(Schedule="rate(1 day)", Input={"Fn::Join": []}),
    "a time zone": lambda: _events(Schedule="rate(1 day)", ScheduleTimezone="../" * 50_000),
    "a start out of the calendar": lambda: {
        **_template({"DefinitionString": _MACHINE}),
        "Resources": {
            "M": {"Type": _TYPE, "Properties": {"DefinitionString": _MACHINE}},
            "S": {
                "Type": "AWS::Scheduler::Schedule",
                "Properties": {
                    "ScheduleExpression": "rate(1 day)",
                    "StartDate": "99999-01-01T00:00:00Z",
                    "EndDate": 1e300,
                    "FlexibleTimeWindow": {"MaximumWindowInMinutes": 1e300},
                    "Target": {"Arn": {"Fn::GetAtt": "M.Arn"}, "Input": "{}"},
                },
            },
        },
    },
}


def _base64(levels: int) -> Any:
    found: Any = "x"
    for _ in range(levels):
        found = {"Fn::Base64": found}
    return found


def _to_json(levels: int) -> Any:
    found: Any = '"'
    for _ in range(levels):
        found = {"Fn::ToJsonString": [found]}
    return found


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    for name, make in _TEMPLATES.items():
        yield from file_bomb(f"template with {name}", "template.yaml", lambda m=make: {"template.yaml": as_text(m())})
