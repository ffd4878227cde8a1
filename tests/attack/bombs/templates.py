"""Bombs in files that hold state machines: CloudFormation, SAM, Serverless Framework, Terraform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.attack.bombs.bomb import Bomb, as_text, nested

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


def _serverless(**root: Any) -> Any:
    machines = {
        "m": {
            "definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${self:custom.a}", "End": True}}}
        }
    }
    return {"service": "s", "provider": {"name": "aws"}, "stepFunctions": {"stateMachines": machines}, **root}


_SERVERLESS: dict[str, Callable[[], Any]] = {
    "variables that double": lambda: _serverless(
        custom={"a": "${self:custom.a0}"}
        | {f"a{n}": f"${{self:custom.a{n + 1}}}${{self:custom.a{n + 1}}}" for n in range(50)}
        | {"a50": "x"}
    ),
    "variables that double values": lambda: _serverless(
        custom={"a": "${self:custom.a0}"}
        | {f"a{n}": [f"${{self:custom.a{n + 1}}}", f"${{self:custom.a{n + 1}}}"] for n in range(50)}
        | {"a50": "x"}
    ),
    "a variable of itself": lambda: _serverless(custom={"a": "${self:custom.a}"}),
    "all of the file": lambda: _serverless(custom={"a": "${self:}"}),
    "variables in variables": lambda: _serverless(custom={"a": "${self:" * 2_000 + "}" * 2_000}),
    "variables not closed": lambda: _serverless(custom={"a": "${self:" * 20_000}),
    "literals": lambda: _serverless(custom={"a": "${AWS::Region}" * 20_000}),
    "literals in one another": lambda: _serverless(custom={"a": "${A" * 1_500 + "}" * 1_500}),
    "null bytes": lambda: _serverless(custom={"a": "\x000\x00${AWS::Region}"}),
    "commas": lambda: _serverless(custom={"a": "${self:custom.b" + ", self:custom.b" * 20_000 + "}"}),
    "quotes": lambda: _serverless(custom={"a": "${self:custom.b, '" + "x'" * 10_001 + "}"}),
    "a default that is deep": lambda: _serverless(custom={"a": "${opt:b, " + nested(5_000) + "}"}),
    "a default of digits": lambda: _serverless(custom={"a": "${opt:b, " + "9" * 5_000 + "}"}),
    "an address of digits": lambda: _serverless(custom={"a": "${self:custom.b." + "9" * 5_000 + "}", "b": [1]}),
    "an address of other digits": lambda: _serverless(custom={"a": "${self:custom.b.\u00b2}", "b": [1]}),
    "a file outside": lambda: _serverless(custom={"a": "${file(../../../../etc/passwd)}"}),
    "a file that is the folder": lambda: _serverless(custom={"a": "${file(.)}"}),
    "a file with a null byte": lambda: _serverless(custom={"a": "${file(a\x00b)}"}),
    "the file itself": lambda: _serverless(custom={"a": "${file(serverless.json)}"}),
    "the file itself, by value": lambda: _serverless(custom={"a": "${file(serverless.json):custom.a}"}),
    "machines of all types": lambda: _serverless(stepFunctions={"stateMachines": [None, 1, {"m": []}]}),
    "events of all types": lambda: _serverless(
        stepFunctions={
            "stateMachines": {
                "m": {"definition": {}, "events": [1, {"schedule": [[]]}, {"schedule": {"rate": {}}}, {1: 2}]}
            }
        }
    ),
    "a stage of itself": lambda: _serverless(
        provider={"stage": "${self:provider.stage}"}, custom={"a": "${sls:stage}"}
    ),
}


def _resource(definition: str, more: str = "") -> str:
    return f'resource "aws_sfn_state_machine" "m" {{\n  definition = {definition}\n}}\n{more}'


def _locals(line: Callable[[int], str], count: int, first: str) -> str:
    lines = [f"  a{n} = {line(n + 1)}" for n in range(count)]
    return "locals {\n" + "\n".join([*lines, f"  a{count} = {first}"]) + "\n}\n"


_TERRAFORM: dict[str, Callable[[], str]] = {
    "locals that double texts": lambda: _resource(
        "local.a0", _locals(lambda n: f'"${{local.a{n}}}${{local.a{n}}}"', 60, '"x"')
    ),
    "locals that double values": lambda: _resource(
        "jsonencode(local.a0)", _locals(lambda n: f"[local.a{n}, local.a{n}]", 60, '"x"')
    ),
    "locals that double objects": lambda: _resource(
        "jsonencode(local.a0)", _locals(lambda n: f"{{ x = local.a{n}, y = local.a{n} }}", 60, '"x"')
    ),
    "locals that are compared": lambda: _resource(
        "local.a0 == local.a1 ? 1 : 2", _locals(lambda n: f"[local.a{n}, local.a{n}]", 60, '"x"')
    ),
    "a local of itself": lambda: _resource("local.a", 'locals {\n  a = "${local.a}x"\n}\n'),
    "a long chain of locals": lambda: _resource("local.a0", _locals(lambda n: f"local.a{n}", 2_000, '"x"')),
    "a list that is deep": lambda: _resource(f"jsonencode({nested(400)})"),
    "a list that is deeper": lambda: _resource(f"jsonencode({nested(5_000)})"),
    "parentheses": lambda: _resource("(" * 2_000 + "1" + ")" * 2_000),
    "exclamation marks": lambda: _resource("!" * 5_000 + "true"),
    "additions": lambda: _resource("+".join(["1"] * 3_000)),
    "conditions": lambda: _resource("true ? " * 500 + "1" + " : 2" * 500),
    "a long list": lambda: _resource("jsonencode([" + "1, " * 20_000 + "])"),
    "a long text": lambda: _resource('"' + "x" * 1_000_000 + '"'),
    "many interpolations": lambda: _resource('"' + "${1}" * 2_000 + '"'),
    "an interpolation in an interpolation": lambda: _resource('"${' * 200 + "1" + '}"' * 200),
    "jsonencode of nothing": lambda: _resource("jsonencode()"),
    "jsonencode of two": lambda: _resource("jsonencode(1, 2)"),
    "each function of nothing": lambda: _resource('"' + "".join(f"${{try({name}(), 1)}}" for name in _FUNCTIONS) + '"'),
    "each function of a list": lambda: _resource(
        '"' + "".join(f"${{jsonencode(try({name}([[]], {{}}, null, -1), 1))}}" for name in _FUNCTIONS) + '"'
    ),
    "each function of texts": lambda: _resource(
        '"' + "".join(f'${{jsonencode(try({name}("a", "/(a+)+b/"), 1))}}' for name in _FUNCTIONS) + '"'
    ),
    "each function of large numbers": lambda: _resource(
        '"' + "".join(f"${{jsonencode(try({name}(1e300, 1e999), 1))}}" for name in _FUNCTIONS) + '"'
    ),
    "range": lambda: _resource("jsonencode(range(99999999999))"),
    "range by nothing": lambda: _resource("jsonencode(range(1, 2, 0))"),
    "loops in loops": lambda: _resource(
        "jsonencode([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]])"
    ),
    "format of a width": lambda: _resource('format("%999d%999d%999d", 1, 2, 3)'),
    "format of many verbs": lambda: _resource('format("' + "%s" * 20_000 + '", ' + ", ".join(["1"] * 20_000) + ")"),
    "join of a large text": lambda: _resource(
        "join(local.a, range(1000))", 'locals {\n  a = "' + "x" * 500_000 + '"\n}\n'
    ),
    "replace": lambda: _resource('replace("' + "a" * 50_000 + '", "a", "' + "b" * 50_000 + '")'),
    "replace by a pattern": lambda: _resource('replace("' + "a" * 50_000 + '", "/(a+)+b/", "x")'),
    "replace by a pattern that repeats": lambda: _resource('replace("a", "/a{99999999999}/", "x")'),
    "replace by a wrong pattern": lambda: _resource('replace("a", "/(/", "x")'),
    "replace by a large group": lambda: _resource('replace("' + "a" * 20_000 + '", "/(a)/", "' + "$1" * 20_000 + '")'),
    "replace by a group of many": lambda: _resource(
        'replace("' + "a" * 800_000 + '", "/(a+)/", "' + "$1" * 2_000 + '")'
    ),
    "replace by as much": lambda: _resource('replace("' + "a" * 20_000 + '", "a", "' + "b" * 20_000 + '")'),
    "join of a large separator": lambda: _resource('join("' + "a" * 400_000 + '", range(1000))'),
    "format with widths": lambda: _resource('format("' + "%999d" * 20_000 + '"' + ", 1" * 20_000 + ")"),
    "distinct texts": lambda: _resource(
        'jsonencode(distinct(split(",", "' + ",".join(map(str, range(100_000))) + '")))'
    ),
    "distinct": lambda: _resource("jsonencode(distinct([for a in range(1000) : [for b in range(100) : a]]))"),
    "setproduct": lambda: _resource("jsonencode(setproduct(range(1000), range(1000), range(1000)))"),
    "flatten": lambda: _resource("jsonencode(flatten(" + nested(300) + "))"),
    "jsondecode": lambda: _resource('jsondecode("' + "[" * 50_000 + '")'),
    "yamldecode": lambda: _resource('jsonencode(yamldecode("' + "[" * 50_000 + '"))'),
    "yamldecode of aliases": lambda: _resource(
        "jsonencode(yamldecode(local.a))",
        "locals {\n  a = <<EOT\na0: &a0 [x]\n"
        + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 20)}]" for n in range(1, 10))
        + "\nEOT\n}\n",
    ),
    "an escape out of Unicode": lambda: _resource('"\\U99999999"'),
    "surrogates": lambda: _resource('"\\uD800"'),
    "a number of digits": lambda: _resource("9" * 5_000),
    "a number that is too large": lambda: _resource("jsonencode(1e999)"),
    "a call of many arguments": lambda: _resource(f"jsonencode(max({', '.join(['1'] * 400_000)}))"),
    "a call of some arguments": lambda: _resource(f"jsonencode(max({', '.join(['1'] * 48_000)}))"),
    "a longer list": lambda: _resource(f"jsonencode([{', '.join(['1'] * 400_000)}])"),
    "many objects": lambda: _resource(
        "jsonencode({"
        + "\n".join(f'S{n} = {{ Type = "Pass", Comment = "some text", End = true }}' for n in range(20_000))
        + "})"
    ),
    "many locals": lambda: _resource("local.a0", "locals {\n" + "a = local.b\n" * 60_000 + "}\n"),
    "comments before a machine": lambda: "# x\n" * 500_000 + _resource('"{}"'),
    "blank lines before a machine": lambda: "\n" * 2_000_000 + _resource('"{}"'),
    "a template of many lines": lambda: _resource('templatefile("lines.tpl", { a = range(20) })'),
    "a template whose loops evaluate": lambda: _resource('templatefile("loops.tpl", { a = range(200) })'),
    "a division by nothing": lambda: _resource("1 / 0"),
    "a product": lambda: _resource("jsonencode(" + "9" * 4_000 + " * " + "9" * 4_000 + ")"),
    "a power of products": lambda: _resource(
        "jsonencode(local.a0)", _locals(lambda n: f"local.a{n} * local.a{n}", 60, "99999999999")
    ),
    "count": lambda: _resource('"{}"\n  count = 99999999999'),
    "count of a million": lambda: _resource('"{}"\n  count = 1000'),
    "for_each": lambda: _resource('"{}"\n  for_each = toset([for a in range(1000) : "${a}"])'),
    "a template that loops": lambda: _resource('templatefile("t.tpl", { a = range(1000) })'),
    "a file outside": lambda: _resource('file("../../../../../../etc/passwd")'),
    "a device": lambda: _resource('file("/dev/zero")'),
    "the folder": lambda: _resource('file(".")'),
    "braces": lambda: "a {" * 2_000,
    "brackets": lambda: "a = " + "[" * 20_000,
    "quotes": lambda: 'a = "' * 5_000,
    "quotes not closed": lambda: 'a = "' + '\\"' * 50_000,
    "comments": lambda: "#\n" * 50_000,
    "comments not closed": lambda: "/*" * 50_000,
    "a heredoc not closed": lambda: "a = <<EOT\n" + "x\n" * 20_000,
    "blank lines": lambda: "\n" * 50_000,
    "many blocks": lambda: 'variable "a" {\n  default = 1\n}\n' * 2_000,
    "twenty megabytes": lambda: "# x\n" * 5_000_000,
}

_FUNCTIONS = [
    "abs",
    "base64decode",
    "base64encode",
    "ceil",
    "chomp",
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "contains",
    "distinct",
    "element",
    "endswith",
    "file",
    "flatten",
    "floor",
    "format",
    "join",
    "jsondecode",
    "jsonencode",
    "keys",
    "length",
    "lookup",
    "lower",
    "max",
    "merge",
    "min",
    "one",
    "range",
    "replace",
    "reverse",
    "slice",
    "sort",
    "split",
    "strcontains",
    "substr",
    "sum",
    "templatefile",
    "title",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
    "trim",
    "trimprefix",
    "trimspace",
    "upper",
    "values",
    "yamldecode",
    "zipmap",
]


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    for name, make in _TEMPLATES.items():
        yield from _bombs(f"template with {name}", "template.yaml", lambda m=make: {"template.yaml": as_text(m())})
    for name, make in _SERVERLESS.items():
        yield from _bombs(
            f"serverless.json with {name}", "serverless.json", lambda m=make: {"serverless.json": as_text(m())}
        )
    for name, text in _TERRAFORM.items():
        yield from _bombs(
            f"main.tf with {name}",
            "main.tf",
            lambda t=text: {
                "main.tf": t(),
                "lines.tpl": "\n".join(f"${{length(a) + {n}}}" for n in range(20_000)),
                "loops.tpl": "%{ for x in a }%{ for y in a }${x * y}%{ endfor }%{ endfor }",
                "t.tpl": "%{ for x in a }" * 3 + "x" + "%{ endfor }" * 3,
            },
        )


def _bombs(name: str, file: str, files: Callable[[], Any]) -> Iterator[Bomb]:
    yield Bomb(f"{name}: lint", files, (("lint", file),))
    yield Bomb(f"{name}: translate", files, (("translate", file, "--output", "dag.py"),))
