"""Reads JSONPath's payload templates and paths as symbolic values.

What a path means is in `sfn_provider.asl.paths`; one that may name several nodes is not resolved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile

from sfn_provider.asl.intrinsics.arguments import InvalidArguments
from sfn_provider.asl.intrinsics.format_template import split_template
from sfn_provider.asl.jsonpath.errors import PathSyntaxError
from sfn_provider.asl.jsonpath.syntax import Root, Selector, Slice, Wildcard, end_of_path, parse_path
from sfn_provider.asl.text_cursor import TextCursor
from sfn_provider.translate.native.data_flow.call_names import MEMBER_OF_EACH, SLICE
from sfn_provider.translate.native.data_flow.values import (
    CONTEXT,
    Absent,
    Array,
    Call,
    Constant,
    Json,
    Key,
    Object,
    Unresolved,
    Value,
    constant,
    no_object,
    read,
)
from sfn_provider.translate.native.model import NotNative

_NAME = re.compile(r"[A-Za-z0-9_.]+")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SCALAR = re.compile(r"[^,() ]+")
_TAKE_OBJECTS = (
    "States.Array",
    "States.Format",
    "States.Hash",
    "States.JsonMerge",
    "States.JsonToString",
    "States.UUID",
)
"""Functions whose first argument may be an object."""
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Environment:
    """What expressions can read while a state runs.

    Args:
        document: what ``$`` means, or ``$states.input``.
        context: what ``$$`` means.
        variables: values of ``$name``, by name.
        result: ``$states.result``.
        error: ``$states.errorOutput``.
    """

    document: Value
    context: Value = CONTEXT
    variables: dict[str, Value] = field(default_factory=dict)
    result: Value | None = None
    error: Value | None = None


MAX_STEPS = 100
"""Upper limit of the steps of a path that becomes Python."""


def path_value(text: str, environment: Environment) -> Value:
    """Return what a JSONPath reads.

    Args:
        text: ``$...``, ``$$...`` or ``$name...``.
        environment: what it can read.
    """
    try:
        parsed = parse_path(text)
    except PathSyntaxError:  # lint accepts a placeholder in it
        return Unresolved(f"the path {text} has a placeholder without a value")
    if len(parsed.selectors) > MAX_STEPS:
        return Unresolved(f"the path {text[:40]}... has more than {MAX_STEPS} steps")
    keys: tuple[Key, ...] = tuple(takewhile(lambda key: isinstance(key, str | int), parsed.selectors))  # type: ignore[arg-type]
    several = _several(parsed.selectors[len(keys) :])
    if several is None or any(isinstance(key, int) and key < 0 for key in keys):
        return Unresolved(f"the path {text} has a filter, a wildcard or a slice")
    found = _found(parsed.root, keys, environment)
    return Call(several[0], (found, *several[1])) if several and not isinstance(found, Absent | Unresolved) else found


def _several(selectors: tuple[Selector, ...]) -> tuple[()] | tuple[str, tuple[Value, ...]] | None:
    """Return the call, and its arguments behind the array, of what a path reads in an array.

    Args:
        selectors: what follows the steps that name one value.

    Returns:
        Nothing where nothing follows; None where there is no such call.
    """
    if not selectors:
        return ()
    first, *names = selectors
    if isinstance(first, Wildcard) and names and all(isinstance(name, str) for name in names):
        return MEMBER_OF_EACH, tuple(constant(name) for name in names)
    if isinstance(first, Slice) and not names:
        sides = (first.start, first.end)
        if None in sides or all(side >= 0 for side in sides if side is not None):
            return SLICE, tuple(map(constant, sides))
    return None


def _found(root: Root, keys: tuple[Key, ...], environment: Environment) -> Value:
    if root == "variables":
        known = environment.variables.get(str(keys[0]))
        return (
            Unresolved(f"the variable ${keys[0]} has no value on some way") if known is None else read(known, keys[1:])
        )
    return read(environment.context if root == "context" else environment.document, keys)


def template_value(template: Json, environment: Environment) -> Value:
    """Return what a payload template makes.

    Args:
        template: Parameters, ResultSelector, ItemSelector or Assign.
        environment: what it can read.
    """
    if isinstance(template, dict):
        return Object(tuple(_member(name, entry, environment) for name, entry in template.items()))
    if isinstance(template, list):
        return Array(tuple(template_value(item, environment) for item in template))
    return constant(template)


def _member(name: str, value: Json, environment: Environment) -> tuple[str, Value]:
    if not name.endswith(".$"):
        return name, template_value(value, environment)
    return name.removesuffix(".$"), payload_value(value, environment)


def payload_value(text: str, environment: Environment) -> Value:
    """Return what the text of a member ending in ``.$`` makes: a path, or a call of an intrinsic function."""
    if text.startswith("$"):
        return path_value(text, environment)
    return _CallReader(text, environment).call()


class _CallReader(TextCursor):
    """Reads the text of a call, which the lint has found to be one."""

    def __init__(self, text: str, environment: Environment) -> None:
        super().__init__(text)
        self.environment = environment

    def call(self) -> Value:
        name = self.match(_NAME)
        arguments: list[Value] = []
        if name is None or not self.take("("):
            return Unresolved(f"{self.text} is no call of an intrinsic function")
        self.skip_spaces()
        while not self.done() and not self.take(")"):
            if arguments:
                self.take(",")
                self.skip_spaces()
            arguments.append(self.argument(is_template=name.group() == "States.Format" and not arguments))
            self.skip_spaces()
        made = tuple(arguments)
        if made and name.group() not in _TAKE_OBJECTS:
            made = (no_object(made[0]), *made[1:])
        return Array(made) if name.group() == "States.Array" else Call(name.group(), made)

    def argument(self, is_template: bool) -> Value:
        if self.text.startswith("$", self.position):
            start, self.position = self.position, end_of_path(self.text, self.position)
            return path_value(self.text[start : self.position], self.environment)
        if self.text.startswith("States", self.position):
            return self.call()
        quoted = self.match(_STRING)
        if quoted is not None:  # States.Format reads the escapes of braces itself
            return constant(quoted.group(1) if is_template else _ESCAPE.sub(r"\1", quoted.group(1)))
        scalar = self.match(_SCALAR)
        if scalar is None:
            self.position = len(self.text)
            return Unresolved(f"{self.text} is no call of an intrinsic function")
        text = scalar.group()
        if text in _WORDS:
            return constant(_WORDS[text])
        return constant(float(text) if re.search("[.eE]", text) else int(text))


def format_parts(call: Call) -> tuple[Value, ...]:
    """Return the parts of a ``States.Format`` in order, texts as constants.

    Raises:
        NotNative: its template is not constant, or has not as many places as there are further arguments.
    """
    template, *values = call.arguments or (None,)
    if not isinstance(template, Constant) or not isinstance(template.value, str):
        raise NotNative("the template of a States.Format is no constant")
    try:
        first, *rest = split_template(template.value)
    except InvalidArguments as error:
        raise NotNative(str(error)) from error
    if len(rest) != len(values):
        raise NotNative("a States.Format has not as many arguments as its template has places")
    found = [
        constant(first),
        *(part for value, text in zip(values, rest, strict=True) for part in (value, constant(text))),
    ]
    return tuple(part for part in found if part != constant(""))
