"""Bombs in Terraform files that hold state machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.attack.bombs.bomb import Bomb, file_bomb, nested


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
    "two megabytes of other resources": lambda: (
        _resource('"{}"')
        + "".join(
            f'resource "aws_sns_topic" "t{n}" {{\n  name = "a-${{var.env}}"\n  tags = {{ a = "b" }}\n}}\n'
            for n in range(26_000)
        )
    ),
    "two megabytes of blocks": lambda: _resource('"{}"') + "a {}\n" * 400_000,
    "many schedules": lambda: (
        _resource('"{}"') + "".join(f'resource "aws_scheduler_schedule" "s{n}" {{\n}}\n' for n in range(20_000))
    ),
    "two megabytes of heredocs": lambda: _resource(
        '"{}"', "a {\n" + "".join(f"a = <<A{n}\n}}\nA{n}\n" for n in range(90_000)) + "}\n"
    ),
    "a heredoc of many lines": lambda: _resource('"{}"', "a {\na = <<A\n" + "x\n" * 1_000_000 + "A\n}\n"),
    "escapes without an end": lambda: _resource('"{}"', 'a {\na = "' + "$${" * 600_000 + '"\n}\n'),
    "interpolations without an end": lambda: _resource('"{}"', "a {\na = " + '"${' * 600_000 + "\n}\n"),
    "comments in a block": lambda: _resource('"{}"', "a {\n" + "/* } */ # {\n" * 150_000 + "}\n"),
    "braces in a block": lambda: _resource('"{}"', "a " + "{" * 1_000_000 + "}" * 1_000_000),
    "labels without an end": lambda: _resource('"{}"', 'a "b"' * 400_000),
    "names of many resources": lambda: (
        _resource('"' + "${a.b}" * 800 + '"') + "".join(f'resource "a" "t{n}" {{}}\n' for n in range(80_000))
    ),
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


_TEMPLATES = {
    "lines.tpl": "\n".join(f"${{length(a) + {n}}}" for n in range(20_000)),
    "loops.tpl": "%{ for x in a }%{ for y in a }${x * y}%{ endfor }%{ endfor }",
    "t.tpl": "%{ for x in a }" * 3 + "x" + "%{ endfor }" * 3,
}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    for name, text in _TERRAFORM.items():
        yield from file_bomb(f"main.tf with {name}", "main.tf", lambda t=text: {"main.tf": t(), **_TEMPLATES})
