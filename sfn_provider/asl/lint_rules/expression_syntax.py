"""Rules: paths, intrinsic calls and JSONata are valid, and text does not look like one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.definition_index.compiled_expressions import MAX_TOKENS, compiled_expressions
from sfn_provider.asl.definition_index.expression_walk import (
    INTRINSIC,
    JsonataUse,
    PathUse,
    jsonata_uses,
    path_uses,
    payload_templates,
)
from sfn_provider.asl.definition_index.index import DefinitionIndex, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.intrinsics import compile_intrinsic
from sfn_provider.asl.intrinsics.certain_failures import certain_failures
from sfn_provider.asl.intrinsics.parser import MAX_CALLS as DOCUMENTED_CALLS
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.json_values.json_walk import walk_json
from sfn_provider.asl.jsonata import Expression
from sfn_provider.asl.jsonpath.syntax import parse_path
from sfn_provider.asl.lint_rules.reporting import error, join_words, warning
from sfn_provider.asl.paths import compile_path, compile_reference
from sfn_provider.asl.scope import Json

MAX_MESSAGE_LENGTH = 400
"""Length at which a message that quotes an expression is cut off."""

MAX_CALLS = 100
"""Intrinsic calls that one field may have here, which bounds the work of reading it; AWS documents a limit of 10."""

TEXT_INTRINSICS = (
    *("States.Format", "States.JsonToString", "States.ArrayGetItem", "States.Base64Encode", "States.Base64Decode"),
    *("States.Hash", "States.UUID", "States.StringToJson"),
)
"""Calls that can give the text that ErrorPath and CausePath need.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html; StringToJson can give one, too."""

_LOOKS_LIKE_JSONATA = re.compile(r"\$(states)?\.|States\.\w+\(")
_LOOKS_DYNAMIC = re.compile(r"\$\$?(?:[.\[].*)?|States\.\w+\(.*\)", re.DOTALL)


def paths_and_calls(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Paths, intrinsic calls and ``.$`` fields are valid."""
    for use in path_uses(definition):
        if not is_placeholder(use.value):
            yield from _use_problems(use)


def _use_problems(use: PathUse) -> Iterator[Diagnostic]:
    if not isinstance(use.value, str):
        yield error(f"{use.field!r} ends in .$ and takes a path or an intrinsic call, not {use.value!r:.60}", use.at)
        return
    takes_calls = use.kind in (None, "path or intrinsic")
    try:
        if takes_calls and not use.value.startswith("$"):
            if use.value.count("States.") > MAX_CALLS:  # not left to Python's recursion limit
                raise ValueError(f"{use.field!r} has more than {MAX_CALLS} intrinsic calls")
            intrinsic = compile_intrinsic(use.value)
            for message in (*intrinsic.warnings, *certain_failures(intrinsic.call), *_no_text(use)):
                yield warning("INTRINSIC_WILL_FAIL", message, use.at)
            if intrinsic.calls > DOCUMENTED_CALLS:
                message = (
                    f"{intrinsic.calls} intrinsic functions in one field: AWS documents a limit of {DOCUMENTED_CALLS}, "
                    "and not what it does with more; they are evaluated here. Use several states, or JSONata"
                )
                yield warning("TOO_MANY_INTRINSICS", message, use.at)
            return
        path = compile_path(use.value)
        if use.kind in ("reference", "input reference"):
            _check_reference(use)
    except ValueError as problem:
        yield error(_syntax_message(use, problem, takes_calls), use.at)
        return
    if path.functions:
        message = f"Step Functions has no path functions: it looks for a field of the name {path.functions[0]!r}"
        yield warning("PATH_FUNCTION", message, use.at)
    for message in path.warnings:
        yield warning("PATH_FINDS_NOTHING", message, use.at)


def _no_text(use: PathUse) -> Iterator[str]:
    """Report a call that gives no text where a Fail state needs one."""
    name = str(use.value).partition("(")[0].strip()
    if use.kind == "path or intrinsic" and name not in TEXT_INTRINSICS:
        yield f"{use.field} needs a text, and {name} gives none; {join_words(TEXT_INTRINSICS)} do"


def _syntax_message(use: PathUse, problem: ValueError, takes_calls: bool) -> str:
    if takes_calls and isinstance(use.value, str) and not use.value.startswith(("$", "States.")):
        return f"{use.field!r} takes a path such as $.name or a call such as States.UUID(), not {use.value!r}"
    text = str(problem)
    return text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[:MAX_MESSAGE_LENGTH]} ..."


def _check_reference(use: PathUse) -> None:
    """Raise ValueError where a path may name several nodes, or starts where the field does not allow it."""
    if use.field == "ResultPath":
        compile_reference(str(use.value))
        return
    parsed = parse_path(str(use.value))
    if not all(isinstance(selector, (str, int)) for selector in parsed.selectors):
        raise ValueError(f"{use.field} takes a reference path: one that names a single value, not {use.value!r}")
    if use.kind == "input reference" and parsed.root == "context":
        raise ValueError(f"{use.field} takes a path into the input or a variable, not into the context object")


def jsonata_syntax(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """JSONata expressions are valid and refer to what exists."""
    compiled = compiled_expressions(definition)
    for use, problem in compiled.faulty:
        yield error(f"this is not JSONata: {problem}", use.at, "INVALID_JSONATA_EXPRESSION")
    for use, expression in compiled.valid:
        yield from _jsonata_problems(use, expression)
    if compiled.unchecked is not None:
        message = (
            f"the expressions before this one have {MAX_TOKENS:,} names, values and operators together, which is as "
            "much as is checked of a definition: from here on, faults are found when the states run"
        )
        yield warning("EXPRESSIONS_NOT_CHECKED", message, compiled.unchecked.at)
    for use in jsonata_uses(definition):
        if use.source is not None:
            continue
        if use.text.startswith("{%") or use.text.endswith("%}"):
            yield error("a JSONata expression starts with {% and ends with %}; one of them is missing", use.at)
        elif is_jsonata(use.text.strip()):
            # Recorded: with blanks around it, it is a text like any other.
            message = "with blanks around {% %} this is no expression but a text; take them out"
            yield warning("EXPRESSION_IN_BLANKS", message, use.at)


def _jsonata_problems(use: JsonataUse, expression: Expression) -> Iterator[Diagnostic]:
    for sentence in expression.unsupported_references:
        message = f"{sentence.removesuffix('.')}; the input is $states.input, a variable starts with $"
        yield error(message, use.at, "UNSUPPORTED_JSONATA_EXPRESSION")
    for name in sorted(expression.states_fields - _states_fields(use).keys()):
        fields = join_words(f"$states.{field}" for field in _states_fields(use))
        message = f"there is no $states.{name} here; there is {fields}"
        yield error(message, use.at, "UNSUPPORTED_JSONATA_EXPRESSION")


def _states_fields(use: JsonataUse) -> dict[str, None]:
    """Return the fields of ``$states``: the result after the call, the error in a catcher alone."""
    fields = dict.fromkeys(("input", "context"))
    if use.field in ("Output", "Assign"):
        if use.part == "Catch/*":
            fields["errorOutput"] = None
        elif not use.part and use.state.type in ("Task", "Parallel", "Map"):
            fields["result"] = None
    return fields


def jsonata_text(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Text of a JSONata state does not look like a path or an expression without ``{% %}``."""
    for use in jsonata_uses(definition):
        if use.at.endswith(".$"):
            message = (
                "names in .$ mean nothing in JSONata: the name stays as it is, and values are expressions in {% %}"
            )
            yield warning("DOLLAR_IN_JSONATA", message, use.at)
        elif use.source is None and _LOOKS_LIKE_JSONATA.match(use.text):
            message = f"{use.text!r:.80} is passed on as it is; write it as {{% ... %}} to have it evaluated"
            yield warning("TEXT_FOR_EXPRESSION", message, use.at)


def static_text(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Text that AWS does not evaluate does not look like a path or a call."""
    for state in definition.states:
        if state.language != "JSONPath":
            continue
        for template, at, _ in payload_templates(state):
            yield from _missing_dollars(template, at)
            yield from _written_twice(template, at)
        if state.type == "Pass" and "Result" in state.fields:
            yield from _static_result(state.fields.get("Result"), state.at + "/Result")
        yield from _text_for_path(state.fields, state.at, ("Error", "Cause"))
        for at, rule, _ in state.rules:
            names = [name for name in rule if name in COMPARISONS and name + "Path" in COMPARISONS]
            yield from _text_for_path(rule, at, names)


def _written_twice(template: Json, at: str) -> Iterator[Diagnostic]:
    """Report members that are there with and without ``.$``: both make the same one."""
    for place, _, value in walk_json(template, at):
        for name in value if isinstance(value, dict) else ():
            if name.endswith(".$") and name.removesuffix(".$") in value:
                message = f"{name.removesuffix('.$')!r} is there too, and makes the same member: take one of them out"
                yield warning("MEMBER_WRITTEN_TWICE", message, place + pointer(name))


def _missing_dollars(template: Json, at: str) -> Iterator[Diagnostic]:
    for place, name, value in walk_json(template, at):
        if name is not None and not name.endswith(".$") and _is_dynamic(value):
            message = f"{value!r} is passed on as it is; name the field {name + '.$'!r} to have it evaluated"
            yield warning("NO_DOLLAR", message, place)


def _static_result(result: Json, at: str) -> Iterator[Diagnostic]:
    places = list(walk_json(result, at))
    dynamic = [place for place, _, value in places if _is_dynamic(value)]
    dynamic += [place for place, name, _ in places if name is not None and name.endswith(".$")]
    if dynamic:
        message = "Result is passed on as it is, paths and .$ names too; use Parameters to have them evaluated"
        yield warning("PASS_RESULT_IS_STATIC", message, dynamic[0])


def _text_for_path(fields: dict[str, Json], at: str, names: tuple[str, ...] | list[str]) -> Iterator[Diagnostic]:
    for name in names:
        if _is_dynamic(fields.get(name)):
            message = f"{fields[name]!r} is taken as it is; name the field {name}Path to have it evaluated"
            yield warning("NO_PATH", message, at + pointer(name))


def _is_dynamic(value: Json) -> bool:
    return isinstance(value, str) and bool(_LOOKS_DYNAMIC.fullmatch(value) or INTRINSIC.match(value))
