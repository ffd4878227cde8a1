"""What tasks answer in place of AWS.

Two forms are read: a mapping from state names to answers in order, and the mock configuration file of Step Functions
Local. Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sfn_provider.engine.errors.retry import is_timeout
from sfn_provider.engine.map_run.s3_objects import answer_from_objects
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSucceeded
from sfn_provider.engine.simulation.recorded_results import RecordedResults
from sfn_provider.exceptions import UsageError


class Mocks:
    """Answers for the tasks of one execution, and how many of them were used.

    Args:
        answers: for each state name its answers, one for each call in order; the last one repeats.
        objects: contents of S3 objects by ``s3://bucket/key``: what an ItemReader reads, unless its Map state has
            answers of its own. What a ResultWriter writes is added.
        recorded: answers by the place in the flow, which states without answers of their own take.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[Mapping[str, Any]]],
        objects: Mapping[str, str] | None = None,
        recorded: RecordedResults | None = None,
    ) -> None:
        self.answers = {state: tuple(entries) for state, entries in answers.items()}
        self.objects = dict(objects or {})
        self.recorded = recorded
        self.calls: Counter[str] = Counter()
        self._unanswered: list[CallTask] = []

    @classmethod
    def from_mapping(cls, answers: Mapping[str, Any], objects: Mapping[str, str] | None = None) -> Self:
        """Check the shape of a mapping and take it.

        Raises:
            UsageError: where an entry is neither a Return nor a Throw.
        """
        for state, entries in answers.items():
            if not isinstance(entries, (list, tuple)):
                raise UsageError(f"the mock of state {state!r} must be a list of Return or Throw entries")
            for place, entry in enumerate(entries):
                _check_entry(state, place, entry)
        return cls(answers, objects)

    def answer(self, call: CallTask, now: float) -> Event | None:
        """The answer to a call, at the time it comes: at once, or when the state's timeout is over.

        Returns:
            The answer; None where the state has none: then the call goes on for ever, which another branch's failure
            may end. See `missing`.

        Raises:
            UsageError: where the state has no answer but a timeout, which time would run into unasked.
        """
        entries = self.answers.get(call.state)
        if call.purpose != "task" and (not entries or call.purpose == "write"):
            return answer_from_objects(self.objects, call, now)
        if self.recorded is not None and (not entries or call.place in self.recorded.by_place):
            return self.recorded.answer(call, now)
        if not entries:
            self._unanswered.append(call)
            if entries is None and (call.timeout or call.heartbeat):
                raise self.missing()
            return None
        entry = entries[min(self.calls[call.state], len(entries) - 1)]
        self.calls[call.state] += 1
        if "Return" in entry:
            return TaskSucceeded(call.id, entry["Return"], now)
        error = entry["Throw"].get("Error")
        took = (call.heartbeat or call.timeout or 0.0) if is_timeout(error) else 0.0
        return TaskFailed(call.id, error, entry["Throw"].get("Cause"), now + took)

    def lacks_answer(self, pending: Container[str]) -> bool:
        """Does one of the pending requests wait for a mock that was not given? An empty list of answers is one."""
        return any(call.id in pending and call.state not in self.answers for call in self._unanswered)

    def fresh(self) -> Mocks:
        """The same mocks with no call counted."""
        return Mocks(self.answers, self.objects, self.recorded)

    def as_configuration(self) -> dict[str, Any]:
        """These mocks as a mock configuration with one test case; ``Objects`` and ``Recorded`` are fields of ours."""
        responses = {
            state: {str(call): dict(entry) for call, entry in enumerate(entries)}
            for state, entries in self.answers.items()
            if entries
        }
        case = {state: state for state in responses}
        recorded = {"Recorded": self.recorded.to_json()} if self.recorded is not None else {}
        return {
            "StateMachines": {"StateMachine": {"TestCases": {"case": case}}},
            "MockedResponses": responses,
            "Objects": self.objects,
            **recorded,
        }

    def missing(self) -> UsageError:
        """The error for an execution that waits for a call without an answer."""
        call = self._unanswered[-1]
        known = ", ".join(sorted(state for state, entries in self.answers.items() if entries)) or "none"
        return UsageError(
            f"state {call.state!r} calls {call.resource} but has no mock: add one; states with one: {known}"
        )


def _check_entry(state: str, place: int, entry: Any) -> None:
    if isinstance(entry, Mapping) and len(entry) == 1:
        if "Return" in entry:
            return
        if isinstance(entry.get("Throw"), Mapping) and all(map(_is_error_detail, entry["Throw"].items())):
            return
    raise UsageError(
        f"entry {place} of the mock of state {state!r} must be "
        '{"Return": <json>} or {"Throw": {"Error": <text>, "Cause": <text>}}'
    )


def _is_error_detail(detail: tuple[str, Any]) -> bool:
    return detail[0] in ("Error", "Cause") and isinstance(detail[1], str | None)


def load_mocks(reference: str) -> Mocks:
    """Read a test case from a mock configuration file of Step Functions Local.

    Args:
        reference: ``path#TestCase``, or ``path#StateMachine/TestCase`` where two machines have a case of that name.

    Raises:
        UsageError: where the file cannot be read, is malformed, or has no such case.
    """
    path, _, case = reference.partition("#")
    config = _read(Path(path))
    machine, name = _find_case(config, path, case)
    states = config["StateMachines"][machine]["TestCases"][name]
    if not isinstance(states, dict):
        raise UsageError(f"{path}: test case {name!r} must be an object of state names and names of mocked responses")
    objects = config.get("Objects", {})
    if not isinstance(objects, dict) or not all(isinstance(text, str) for text in objects.values()):
        raise UsageError(f'{path}: "Objects" must be an object of s3://bucket/key and the text that stands there')
    answers = {state: _responses(config, path, state, response) for state, response in states.items()}
    mocks = Mocks.from_mapping(answers, objects)
    recorded = config.get("Recorded")
    mocks.recorded = RecordedResults.from_json(recorded) if recorded else None
    return mocks


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: cannot read the mock file: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the mock file is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except (RecursionError, ValueError) as error:  # Python reads numbers of up to 4300 digits
        raise UsageError(f"{path}: the mock file nests too deep, or a number in it has too many digits") from error


def test_cases(path: str) -> list[str]:
    """The test cases of a mock configuration file, as ``StateMachine/TestCase``, in its order.

    Raises:
        UsageError: where the file cannot be read, is malformed, or has no test case.
    """
    known = [f"{machine}/{name}" for machine, name in _cases(_read(Path(path)), path)]
    if not known:
        raise UsageError(f"{path}: the mock file has no test cases")
    return known


def _cases(config: Any, path: str) -> list[tuple[str, str]]:
    machines = config.get("StateMachines") if isinstance(config, dict) else None
    if not isinstance(machines, dict):
        raise UsageError(f'{path}: not a mock configuration file: it needs "StateMachines" and "MockedResponses"')
    return [
        (machine, name)
        for machine, entry in machines.items()
        if isinstance(entry, dict) and isinstance(entry.get("TestCases"), dict)
        for name in entry["TestCases"]
    ]


def _find_case(config: Any, path: str, case: str) -> tuple[str, str]:
    known = _cases(config, path)
    found = [(machine, name) for machine, name in known if case in (name, f"{machine}/{name}")]
    if not case and len(known) == 1:
        return known[0]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(sorted(f"{machine}/{name}" for machine, name in known)) or "none"
    if found:
        raise UsageError(f"{path}: more than one machine has a test case {case!r}; write one of {listed}")
    told = f"has no test case {case!r}" if case else "has several test cases; name one after '#'"
    raise UsageError(f"{path}: {told}; it has {listed}")


def _responses(config: Any, path: str, state: str, name: Any) -> list[Mapping[str, Any]]:
    responses = config.get("MockedResponses")
    entry = responses.get(name) if isinstance(responses, dict) and isinstance(name, str) else None
    if not isinstance(entry, dict) or not entry:
        raise UsageError(f"{path}: state {state!r} names the mocked response {name!r}, which is not in MockedResponses")
    by_call: dict[int, Mapping[str, Any]] = {}
    for key, answer in entry.items():
        for call in _calls(path, str(name), key):
            by_call[call] = answer
    missing = sorted(set(range(max(by_call) + 1)) - set(by_call))
    if missing:
        raise UsageError(f"{path}: mocked response {name!r} has no entry for call {missing[0]}")
    return [by_call[call] for call in sorted(by_call)]


def _calls(path: str, name: str, key: str) -> range:
    """The calls that a key such as ``0`` or ``1-3`` stands for."""
    first, _, last = key.partition("-")
    if first.isdecimal() and (last or first).isdecimal() and int(last or first) >= int(first):
        return range(int(first), int(last or first) + 1)
    raise UsageError(f'{path}: mocked response {name!r} has the key {key!r}; keys are calls, as "0" or "1-3"')
