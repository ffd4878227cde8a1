r"""Compiles calls of intrinsic functions.

Grammar: ``States.Name(argument, ...)`` with arguments that are calls, paths, numbers, ``true``, ``false``, ``null`` or
text in single quotes, where ``\'``, ``\{``, ``\}`` and ``\\`` are the only escapes. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html, https://states-language.net/#appendix-b
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NoReturn

from sfn_provider.asl.intrinsics.arguments import InvalidArguments
from sfn_provider.asl.intrinsics.certain_failures import UNKNOWN, CallNode
from sfn_provider.asl.intrinsics.functions import FUNCTIONS, IntrinsicFunction
from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.jsonpath.syntax import end_of_path
from sfn_provider.asl.paths import PathNotFound, PathSyntaxError, compile_path
from sfn_provider.asl.scope import Json, Randomness, Scope
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.asl.text_cursor import TextCursor
from sfn_provider.exceptions import StatesError
from sfn_provider.text_files import json_problem

Evaluator = Callable[[Scope, Randomness], Json]

INTRINSIC_ERROR: Final = "States.Runtime"
"""The error of a failed call. The documentation has ``States.IntrinsicFailure``; executions end with this."""

MAX_CALLS: Final = 10
"""The number of calls that AWS documents as the limit for one field; what it does with more, it does not document."""

_CACHE_SIZE = 4096
_NAME = re.compile(r"[A-Za-z0-9_.]+")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPABLE = "'{}\\"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?(?![\w.])")
_WORD = re.compile(r"(?:true|false|null)\b")
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}


class IntrinsicSyntaxError(ValueError):
    """The text is no call of an intrinsic function; the message says what is wrong and where."""


class Intrinsic:
    """A compiled call. Made by compile_intrinsic; not changed afterwards.

    Args:
        text: the call as written.
        warnings: sentences about calls that AWS takes but that cannot work when they run.
        call: what is known of its arguments.
        calls: how many calls it consists of.
    """

    __slots__ = ("_run", "call", "calls", "text", "warnings")

    def __init__(self, text: str, run: Evaluator, warnings: tuple[str, ...], call: CallNode, calls: int) -> None:
        self.text = text
        self.calls = calls
        self.warnings = warnings
        self.call = call
        self._run = run

    def __repr__(self) -> str:
        return f"Intrinsic({self.text!r})"

    def evaluate(self, scope: Scope, entropy: Randomness) -> Json:
        """Call the function on the scope's data.

        Args:
            scope: what paths in the call read.
            entropy: where States.UUID and an unseeded States.MathRandom take their randomness.

        Raises:
            StatesError: ``States.Runtime`` where a path finds nothing or a function refuses its arguments; the cause
                is in AWS's words.
        """
        try:
            return self._run(scope, entropy)
        except InvalidArguments as refused:
            detail = str(refused)
        except PathNotFound as missing:
            detail = _missing_argument(missing, scope)
        raise StatesError(INTRINSIC_ERROR, f"The function '{self.text}' had the following error: {detail}")


def _missing_argument(missing: PathNotFound, scope: Scope) -> str:
    if missing.miss == "not an array":
        return missing.reason
    # Recorded: a path to the context object is named with one dollar sign, and beside it the input of the state.
    path = missing.path.removeprefix("$") if missing.path.startswith("$$") else missing.path
    data = compact_json(scope.input)
    return f"The JsonPath argument for the field '{path}' could not be found in the input '{data}'"


@lru_cache(_CACHE_SIZE)
def compile_intrinsic(text: str) -> Intrinsic:
    """Compile a call; the same text gives the same object.

    Args:
        text: for example ``States.Format('{} of {}', $.name, States.ArrayLength($.all))``.

    Raises:
        IntrinsicSyntaxError: the text is no call, or of no function that exists. A wrong number of arguments is not
            among the reasons: AWS takes such a definition and fails when it runs, and so does this, with a warning.
    """
    parser = _CallParser(text)
    try:
        run = parser.call()
    except RecursionError:
        raise IntrinsicSyntaxError(f'"{text:.60}..." nests its calls too deep') from None
    parser.skip_spaces()
    if not parser.done():
        parser.fail("nothing may follow the call")
    return Intrinsic(text, run, tuple(parser.warnings), parser.nodes[run], parser.calls)


class _CallParser(TextCursor):
    """Reads the text of a call into functions that evaluate it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.calls = 0
        self.warnings: list[str] = []
        self.nodes: dict[Evaluator, Json] = {}

    def fail(self, reason: str) -> NoReturn:
        where = f"at position {self.position}"
        raise IntrinsicSyntaxError(f'"{self.text}" is not a call of an intrinsic function: {reason} {where}')

    def call(self) -> Evaluator:
        function = self.function()
        self.calls += 1
        arguments: list[Evaluator] = []
        self.skip_spaces()
        while not self.take(")"):
            if arguments and not self.take(","):
                self.fail("expected ',' or ')'")
            self.skip_spaces()
            arguments.append(self.argument(raw=function.takes_template and not arguments))
            self.skip_spaces()
        if not function.accepts(len(arguments)):
            self.warnings.append(f"{_expectation(function)}, not {len(arguments)}: the state fails when it runs")
        run = _caller(function, tuple(arguments))
        self.nodes[run] = CallNode(function, tuple(self.nodes.get(argument, UNKNOWN) for argument in arguments))
        return run

    def function(self) -> IntrinsicFunction:
        start = self.position
        name = self.match(_NAME)
        if name is None or not self.take("("):
            self.fail("expected a function such as States.Format(")
        function = FUNCTIONS.get(name.group())
        if function is None:
            self.position = start
            near = closest_word(name.group(), FUNCTIONS)
            self.fail(f"there is no function {name.group()}" + (f"; did you mean {near}?" if near else ""))
        return function

    def argument(self, raw: bool) -> Evaluator:
        """Read an argument; raw leaves the escapes of a text in it."""
        if self.text.startswith("$", self.position):
            return self.path()
        if self.text.startswith("States", self.position):
            return self.call()
        value = self.literal(raw)
        constant = _constant(value)
        self.nodes[constant] = value
        return constant

    def path(self) -> Evaluator:
        end = end_of_path(self.text, self.position)
        if end == len(self.text):
            self.fail("')' is missing after the path")
        try:
            path = compile_path(self.text[self.position : end])
        except PathSyntaxError as error:
            raise IntrinsicSyntaxError(f'"{self.text}" is not a call of an intrinsic function: {error}') from error
        self.position = end
        self.warnings += path.warnings
        return lambda scope, _entropy: path.read(scope)

    def literal(self, raw: bool) -> Json:
        found = self.match(_STRING)
        if found:
            return self.unescape(found.group(1), raw)
        found = self.match(_NUMBER)
        if found:
            return self.number(found.group(), is_integer=not (found.group(1) or found.group(2)))
        found = self.match(_WORD)
        if found:
            return _WORDS[found.group()]
        self.fail("expected a path, a call, a number, true, false, null or a text in single quotes")

    def number(self, text: str, *, is_integer: bool) -> int | float:
        try:
            return int(text) if is_integer else float(text)
        except ValueError as error:
            self.fail(json_problem(error))

    def unescape(self, inside: str, raw: bool) -> str:
        illegal = next((match for match in _ESCAPE.findall(inside) if match not in _ESCAPABLE), None)
        if illegal is not None:
            self.fail(rf"\{illegal} is no escape; a backslash is written \\ in the text that ends")
        return inside if raw else _ESCAPE.sub(r"\1", inside)


def _constant(value: Json) -> Evaluator:
    return lambda _scope, _entropy: value


def _caller(function: IntrinsicFunction, arguments: tuple[Evaluator, ...]) -> Evaluator:
    call, refusal = function.call, f"Invalid arguments in {function.name}"
    accepted = function.accepts(len(arguments))

    def run(scope: Scope, entropy: Randomness) -> Json:
        values = [argument(scope, entropy) for argument in arguments]
        if not accepted:
            raise InvalidArguments(refusal)
        try:
            return call(values, entropy)
        except InvalidArguments as refused:
            raise InvalidArguments(refused.detail or refusal) from refused

    return run


def _expectation(function: IntrinsicFunction) -> str:
    fewest, most = function.min_arguments, function.max_arguments
    counts = f"at least {fewest}" if most is None else str(most) if fewest == most else f"{fewest} to {most}"
    return f"{function.name} takes {counts} argument{'' if counts.endswith('1') else 's'}"
