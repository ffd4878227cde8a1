"""Evaluates the input and output fields of states, in JSONPath and JSONata.

Order, from https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html:
JSONPath: InputPath, Parameters, (the state's work), ResultSelector, ResultPath, OutputPath.
JSONata: Arguments, (the state's work), Output. Assign sees the values from before it, in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from sfn_provider.asl.paths import PathNotFound, ReferencePath, compile_path, compile_reference, require_input
from sfn_provider.asl.scope import MISSING, Json, Randomness, Scope
from sfn_provider.asl.templates import compile_template
from sfn_provider.exceptions import StatesError

Evaluator = Callable[[Scope, Randomness], Json]


class StateExit(NamedTuple):
    """What a state ends with: its output, and the variables that it assigns."""

    output: Json
    assigned: Mapping[str, Json]


NO_VARIABLES: Mapping[str, Json] = {}

Recorder = Callable[[str, Json], Json]
"""Records an intermediate value under its name in TestState's inspection data, and returns it."""


_Compiled = TypeVar("_Compiled")


def compile_or_fail(compile: Callable[..., _Compiled], *arguments: Any) -> _Compiled:
    """Compile a path, template or expression; one that is none fails the state.

    Lint refuses such a text, as Step Functions does, unless it holds a placeholder: ``{% ${Count} + 1 %}``.

    Args:
        compile: raises ValueError for a text that it cannot compile.
        arguments: what it takes.

    Raises:
        StatesError: ``States.Runtime``, with what is wrong with the text.
    """
    try:
        return compile(*arguments)
    except ValueError as error:
        hint = ". A placeholder in it has no value" if "${" in str(error) else ""
        raise StatesError("States.Runtime", f"{error}{hint}") from error


def compile_evaluator(value: Json, language: Any, field: str) -> Evaluator:
    """Compile a payload template to a function of scope and entropy.

    Raises:
        StatesError: ``States.Runtime`` if an expression in it cannot be compiled.
    """
    return compile_or_fail(compile_template, value, language, field).evaluate


def compile_reference_path(text: str) -> ReferencePath:
    """Compile a path to write to.

    Raises:
        StatesError: ``States.Runtime`` if it is none.
    """
    return compile_or_fail(compile_reference, text)


def path_reader(text: str) -> Callable[[Scope], Json]:
    """Compile a path field such as InputPath; a path that finds nothing raises States.Runtime."""
    path = compile_or_fail(compile_path, text)

    def read(scope: Scope) -> Json:
        require_input(path, scope)
        try:
            return path.read(scope)
        except PathNotFound as missing:
            raise StatesError("States.Runtime", f"Invalid path '{text}' : {missing}") from missing

    return read


class JsonPathFlow:
    """The data flow of a state in JSONPath.

    Args:
        fields: the fields that it consists of, by their names in the model.

    Attributes:
        has_fields: False where there is nothing to evaluate: the state's result is its output.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.has_fields = bool(fields)
        self._input = self._select(fields.get("input_path", "$"))
        self._output = self._select(fields.get("output_path", "$"))
        parameters = fields.get("parameters")
        self._parameters = compile_evaluator(parameters, "JSONPath", "Parameters") if parameters is not None else None
        selector = fields.get("result_selector")
        self._selector = compile_evaluator(selector, "JSONPath", "ResultSelector") if selector is not None else None
        assign = fields.get("assign")
        self._assign = compile_evaluator(assign, "JSONPath", "Assign") if assign is not None else None
        where = fields.get("result_path", "$")
        self._place: Callable[[Json, Json], Json] | None = None
        if where not in ("$", None):
            self._place = compile_reference_path(where).write
        self._discard = where is None

    @staticmethod
    def _select(text: str | None) -> Callable[[Scope], Json] | None:
        """Compile InputPath or OutputPath: None for ``$``; a path that is null gives an empty object."""
        if text == "$":
            return None
        return path_reader(text) if text is not None else lambda _scope: {}

    def observe(self, record: Recorder) -> None:
        """Have what each field makes recorded; an absent field makes what it would be applied to."""
        self.has_fields = True
        select, parameters, selector = self._input, self._parameters, self._selector
        place, discard = self._place, self._discard

        def after_result_path(input: Json, result: Json) -> Json:
            return record("afterResultPath", input if discard else place(input, result) if place else result)

        self._input = lambda scope: record("afterInputPath", select(scope) if select else scope.input)
        self._parameters = lambda scope, entropy: record(
            "afterParameters", parameters(scope, entropy) if parameters else scope.input
        )
        self._selector = lambda scope, entropy: record(
            "afterResultSelector", selector(scope, entropy) if selector else scope.input
        )
        self._place, self._discard = after_result_path, False

    def select_input(self, scope: Scope) -> Scope:
        """Apply InputPath: return what the state's other fields see."""
        return scope.replace_input(self._input(scope)) if self._input else scope

    def enter(self, scope: Scope, entropy: Randomness) -> Json:
        """Apply InputPath, then Parameters."""
        selected = self.select_input(scope)
        return selected.input if self._parameters is None else self._parameters(selected, entropy)

    def leave(self, scope: Scope, result: Json, entropy: Randomness) -> StateExit:
        """Apply ResultSelector, Assign, ResultPath, OutputPath."""
        if self._selector is not None:
            result = self._selector(scope.replace_input(result), entropy)
        assigned = NO_VARIABLES
        if self._assign is not None:
            assigned = self._assign(scope.replace_input(result), entropy)
        output = result
        if self._discard:
            output = scope.input
        elif self._place is not None:
            output = self._place(scope.input, result)
        if self._output is not None:
            output = self._output(scope.replace_input(output))
        return StateExit(output, assigned)


class JsonataFlow:
    """The data flow of a state in JSONata; see `JsonPathFlow`."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.has_fields = bool(fields)
        self._has_arguments = "arguments" in fields
        self._arguments = compile_evaluator(fields.get("arguments"), "JSONata", "Arguments")
        self._output = compile_evaluator(fields["output"], "JSONata", "Output") if "output" in fields else None
        self._assign = compile_evaluator(fields["assign"], "JSONata", "Assign") if "assign" in fields else None

    def observe(self, record: Recorder) -> None:
        """Have what Arguments makes recorded, which without the field is the input."""
        self.has_fields = True
        arguments, has_arguments = self._arguments, self._has_arguments
        self._arguments = lambda scope, entropy: record(
            "afterArguments", arguments(scope, entropy) if has_arguments else scope.input
        )
        self._has_arguments = True

    def select_input(self, scope: Scope) -> Scope:
        """Return what the state's fields see: JSONata has no InputPath."""
        return scope

    def enter(self, scope: Scope, entropy: Randomness) -> Json:
        """Evaluate Arguments; without it the state works on its input."""
        return self._arguments(scope, entropy) if self._has_arguments else scope.input

    def leave(self, scope: Scope, result: Json, entropy: Randomness) -> StateExit:
        """Evaluate Assign and Output, both with the variables from before."""
        if self._assign is None and self._output is None:
            return StateExit(scope.input if result is MISSING else result, NO_VARIABLES)
        seen = scope.add_result(result)
        assigned = NO_VARIABLES if self._assign is None else self._assign(seen, entropy)
        if self._output is not None:
            return StateExit(self._output(seen, entropy), assigned)
        return StateExit(scope.input if result is MISSING else result, assigned)


_FIELDS = frozenset({
    *("input_path", "parameters", "result_selector", "result_path", "output_path"),
    *("arguments", "output", "assign"),
})  # fmt: skip
"""The fields that a data flow consists of, by their names in the model."""

_WITHOUT_FIELDS: Mapping[str, JsonPathFlow | JsonataFlow] = {"JSONata": JsonataFlow({}), "JSONPath": JsonPathFlow({})}
"""The data flow of a state without such fields, by its language; many states have none."""


def data_flow_fields(model: Any) -> dict[str, Any]:
    """Return the fields of the data flow that stand in the definition, by their names in the model."""
    return {name: getattr(model, name) for name in model.model_fields_set & _FIELDS}


def make_data_flow(language: str, model: Any, record: Recorder | None = None) -> JsonPathFlow | JsonataFlow:
    """Return the data flow of a state.

    Args:
        language: the query language that the state is in.
        model: the state.
        record: records what each field makes; None where nobody asks.
    """
    if record is None and model.model_fields_set.isdisjoint(_FIELDS):
        return _WITHOUT_FIELDS[language]
    fields = data_flow_fields(model)
    flow = JsonataFlow(fields) if language == "JSONata" else JsonPathFlow(fields)
    if record is not None:
        flow.observe(record)
    return flow
