"""Tests single states in Python tests, with assertions whose failures say how the state went."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.engine import test_state
from sfn_provider.exceptions import UsageError
from sfn_provider.testing.json_differences import differences, is_different, json_text

Response = Mapping[str, Any]


@dataclass(frozen=True)
class StateOutcome:
    """How a tested state went, with assertions. Each returns the outcome, so that several can follow one another.

    Args:
        state: the name of the state, for messages; None for a definition of a state alone.
        response: AWS's response to TestState, with inspection data.
    """

    state: str | None
    response: Response = field(repr=False)

    @property
    def status(self) -> str:
        """``SUCCEEDED``, ``FAILED``, ``RETRIABLE`` or ``CAUGHT_ERROR``."""
        return str(self.response["status"])

    @property
    def output(self) -> Json:
        """The state's output as a JSON value; `MISSING` where it has none."""
        return json.loads(self.response["output"]) if "output" in self.response else MISSING

    @property
    def error(self) -> str | None:
        """The name of the error, one that was caught or is retried included."""
        return self.response.get("error")

    @property
    def cause(self) -> str | None:
        """The cause of the error."""
        return self.response.get("cause")

    @property
    def next_state(self) -> str | None:
        """The state that comes next; None at the end."""
        return self.response.get("nextState")

    def inspect(self, member: str) -> Json:
        """Return an intermediate value as a JSON value.

        Args:
            member: a member of AWS's inspection data: ``afterInputPath``, ``afterParameters``, ``result``,
                ``afterResultSelector``, ``afterResultPath``, ``variables``, ``errorDetails`` and others.

        Raises:
            AssertionError: the state had no such value; names those that it had.
        """
        __tracebackhide__ = True
        values = self.response.get("inspectionData", {})
        if member not in values:
            raise AssertionError(f"{self._story()}\nIt has no value {member!r}; it has {', '.join(values)}")
        value = values[member]
        return json.loads(value) if isinstance(value, str) else value

    def assert_succeeded(self, *, output: Json = MISSING, next_state: str | Any | None = MISSING) -> StateOutcome:
        """Assert that the state has succeeded.

        Args:
            output: its output; not compared if it is not given.
            next_state: the state that comes next, None for the end; not compared if it is not given.
        """
        __tracebackhide__ = True
        return self._assert("SUCCEEDED", output=output, next_state=next_state)

    def assert_failed(self, *, error: str | Any | None = MISSING, cause: str | Any | None = MISSING) -> StateOutcome:
        """Assert that the state has failed with an error that neither Retry nor Catch takes.

        Args:
            error: the error's name; not compared if it is not given.
            cause: its cause; not compared if it is not given.
        """
        __tracebackhide__ = True
        return self._assert("FAILED", error=error, cause=cause)

    def assert_caught(
        self, *, error: str | Any = MISSING, output: Json = MISSING, next_state: str | Any = MISSING
    ) -> StateOutcome:
        """Assert that a Catch has taken the state's error.

        Args:
            error: the error's name; not compared if it is not given.
            output: what the Catch passes on; not compared if it is not given.
            next_state: where it leads; not compared if it is not given.
        """
        __tracebackhide__ = True
        return self._assert("CAUGHT_ERROR", error=error, output=output, next_state=next_state)

    def assert_retried(self, *, after: float | Any = MISSING, retrier: int | Any = MISSING) -> StateOutcome:
        """Assert that a Retry takes the state's error.

        Args:
            after: the delay in seconds; not compared if it is not given.
            retrier: the index of the retrier, from 0; not compared if it is not given.
        """
        __tracebackhide__ = True
        self._assert("RETRIABLE")
        details = self.inspect("errorDetails")
        self._compare("the delay", details.get("retryBackoffIntervalSeconds"), after)
        self._compare("the retrier", details.get("retryIndex"), retrier)
        return self

    def _assert(self, status: str, **expected: Json) -> StateOutcome:
        __tracebackhide__ = True
        if self.status != status:
            raise AssertionError(f"{self._story()}\nExpected the status {status}")
        for name, value in expected.items():
            self._compare(f"the {name.replace('_', ' ')}", getattr(self, name), value)
        return self

    def _compare(self, what: str, found: Json, expected: Json) -> None:
        __tracebackhide__ = True
        if expected is not MISSING and is_different(found, expected):
            lines = [f"Expected {what} {json_text(expected)}", *differences(found, expected)]
            raise AssertionError("\n".join([self._story(), *lines]))

    def _story(self) -> str:
        """Return in a few lines how the state went."""
        facts = {"error": self.error, "cause": self.cause, "next state": self.next_state}
        name = "" if self.state is None else f" {self.state!r}"
        lines = [f"The state{name} ended as {self.status}"]
        if self.output is not MISSING:
            lines.append(f"  output: {json_text(self.output)}")
        lines += [f"  {name}: {value}" for name, value in facts.items() if value is not None]
        return "\n".join(lines)


_CONFIGURATION: Final = {
    "retry_count": "retrierRetryCount",
    "error_caused_by": "errorCausedByState",
    "map_failures": "mapIterationFailureCount",
    "map_item_data": "mapItemReaderData",
}
"""The members of AWS's stateConfiguration by the arguments of `StateTest`."""


@dataclass(frozen=True)
class StateTest:
    """Tests one state; the fixture ``state_test`` is one.

    Args:
        folder: where relative paths of definitions start; the current folder is the second choice.
    """

    folder: Path

    def __call__(
        self,
        definition: str | Path | dict[str, Any],
        input: Json = None,
        *,
        state: str | None = None,
        result: Json = MISSING,
        error: str | None = None,
        cause: str | None = None,
        validation: str | None = None,
        variables: Json = None,
        context: Json = None,
        substitutions: Mapping[str, str] | None = None,
        result_shapes: Callable[[Any], Any] | None = None,
        **configuration: Any,
    ) -> StateOutcome:
        """Run one state on an input.

        Args:
            definition: ``FILE#STATE``, the definition's object, or its JSON text. FILE may be all that `translate`
                takes, with the name of the machine where it has several: ``template.yaml#Machine#STATE``.
            input: the state's input; ``{}`` for None.
            state: the state's name, where the definition is a machine and does not name it.
            result: what the state's work gives; a Task, Map or Parallel needs it, or ``error``.
            error: the error that the state's work fails with.
            cause: its cause.
            validation: how ``result`` is compared with the model of the API that the Task calls: ``STRICT`` (the
                default), ``PRESENT`` or ``NONE``.
            variables: an object of variables that are set before the state.
            context: fields of the context object.
            substitutions: values for ``${Name}`` in the definition.
            result_shapes: the shapes that results are compared with; the installed botocore's for None.
            **configuration: ``retry_count``, how often the retrier of the error has retried; ``error_caused_by``, the
                state inside of a Map or Parallel that fails; ``map_failures``, failed iterations; ``map_item_data``,
                the text that the ItemReader reads.

        Raises:
            RequestRefused: AWS refuses the request; has ``code`` and ``message``.
            InvalidDefinition: Step Functions would refuse the machine in the file.
            UsageError: a file cannot be read, or an argument does not exist.
        """
        if unknown := configuration.keys() - _CONFIGURATION.keys():
            known = ", ".join(_CONFIGURATION)
            raise UsageError(f"state_test has no argument {sorted(unknown)[0]!r}; for a state's past it has {known}")
        found, name = self._find(definition, state, substitutions or {})
        response = test_state(
            found,
            input,
            state_name=name,
            mock=_mock(result, error, cause, validation),
            context=context,
            variables=variables,
            inspection_level="DEBUG",
            state_configuration={_CONFIGURATION[key]: value for key, value in configuration.items()},
            result_shapes=result_shapes,
        )
        return StateOutcome(name, response)

    def _find(
        self, definition: str | Path | dict[str, Any], state: str | None, values: Mapping[str, str]
    ) -> tuple[str | dict[str, Any], str | None]:
        """Return the definition and the state's name."""
        from sfn_provider.asl.placeholders import substitute
        from sfn_provider.translate.definitions.state_references import find_state_reference

        if isinstance(definition, dict) or (isinstance(definition, str) and definition.lstrip()[:1] == "{"):
            return substitute(definition, values), state
        reference = str(definition) if state is None else f"{definition}#{state}"
        beside = self.folder / reference
        # The name of a state may have any character, so the file is what is there up to a "#".
        is_beside = any(Path(f"{beside}"[:end]).is_file() for end in _ends(str(beside)))
        found = find_state_reference(str(beside) if is_beside else reference, values)
        return found.definition, found.state


def _ends(text: str) -> list[int]:
    return [index for index, char in enumerate(text) if char == "#"] + [len(text)]


def _mock(result: Json, error: str | None, cause: str | None, validation: str | None) -> dict[str, Any] | None:
    """Return the mock of AWS's request; None without one."""
    if error is None and cause is not None:
        raise UsageError("cause is the cause of an error: give the error, too")
    mock: dict[str, Any] = {}
    if result is not MISSING:
        # AWS's request has JSON text, and a text is read as that: one that is the result itself is written so.
        mock["result"] = json.dumps(result) if isinstance(result, str) else result
    if error is not None:
        mock["errorOutput"] = {"error": error, "cause": cause}
    if validation is not None:
        mock["fieldValidationMode"] = validation
    return mock or None
