"""Answers the calls of tasks with mocks in place of AWS."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Container, Mapping, Sequence
from typing import Any, Self, cast

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.engine.errors.retry import is_timeout
from sfn_provider.engine.json_arguments import require_json, require_mapping
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSucceeded
from sfn_provider.engine.simulation.item_objects import ObjectAnswers, Objects, S3Object, check_objects
from sfn_provider.engine.simulation.recorded_results import RecordedResults
from sfn_provider.exceptions import UsageError


class Mocks:
    """Answers for the tasks of one execution, and how many of them were used.

    Args:
        answers: for each state name its answers, one for each call in order; the last one repeats.
        objects: contents of S3 objects by ``s3://bucket/key``, each a text, a ``Path`` or a function that opens a
            stream: what an ItemReader reads, unless its Map state is in ``answers``. What a ResultWriter writes is
            added: a large object as the ``Path`` of a temporary file, which goes when these mocks do.
        recorded: answers by the place of the call, for states that have none in ``answers``.

    Attributes:
        input: the execution input that the case's file has; MISSING for none.
        by_place: entries of ``answers`` for calls within a Parallel or Map, by `CallTask.place`; they come before the
            order of calls, which siblings do not share in two ways of running them. Empty where the order alone counts.
        used: the entries that calls within a Parallel or Map have had, by their place.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[Mapping[str, Any]]],
        objects: Mapping[str, S3Object] | None = None,
        recorded: RecordedResults | None = None,
    ) -> None:
        self.answers = {state: tuple(entries) for state, entries in answers.items()}
        self.objects: Objects = ChainMap({}, cast(Objects, objects or {}))
        self._object_answers = ObjectAnswers(self.objects)
        self.recorded = recorded
        self.input: Json = MISSING
        self.calls: Counter[str] = Counter()
        self.by_place: Mapping[str, Mapping[str, Any]] = {}
        self.used: dict[str, Mapping[str, Any]] = {}
        self._unanswered: list[CallTask] = []

    @classmethod
    def from_mapping(cls, answers: Mapping[str, Any], objects: Mapping[str, S3Object] | None = None) -> Self:
        """Make mocks of a mapping such as ``{state name: [{"Return": json} | {"Throw": {"Error": str}}, ...]}``.

        Raises:
            UsageError: if an entry is neither a Return nor a Throw, or an object has no content that can be read.
        """
        check_objects(require_mapping(objects or {}, "objects", '{"s3://bucket/key": "text"}'))
        for state, entries in require_mapping(answers, "mocks", '{"State": [{"Return": 1}]}').items():
            if not isinstance(entries, (list, tuple)):
                raise UsageError(f"the mock of state {state!r} must be a list of Return or Throw entries")
            for index, entry in enumerate(entries):
                _check_entry(state, index, entry)
                require_json(entry.get("Return"), f"Return of entry {index} of the mock of state {state!r}")
        return cls(answers, objects)

    def answer(self, call: CallTask, now: float) -> Event | None:
        """Answer a call, at once or at the end of the state's timeout.

        Returns:
            The answer; None where the state has none: the call does not end then unless another branch fails. See
            `missing`.

        Raises:
            UsageError: if the state has no answer but a timeout, which would then decide the outcome.
        """
        entries = self.answers.get(call.state)
        if call.purpose != "task" and (not entries or call.purpose == "write"):
            return self._object_answers.answer(call, now)
        if self.recorded is not None and (not entries or call.place in self.recorded.by_place):
            return self.recorded.answer(call, now)
        if not entries:
            self._unanswered.append(call)
            if entries is None and (call.timeout or call.heartbeat):
                raise self.missing()
            return None
        entry = self.by_place.get(call.place, entries[min(self.calls[call.state], len(entries) - 1)])
        self.calls[call.state] += 1
        if len(entries) > 1 and _is_within_container(call.place):
            self.used[call.place] = entry
        if "Return" in entry:
            return TaskSucceeded(call.id, entry["Return"], now)
        error = entry["Throw"].get("Error")
        seconds = (call.heartbeat or call.timeout or 0.0) if is_timeout(error) else 0.0
        return TaskFailed(call.id, error, entry["Throw"].get("Cause"), now + seconds)

    def lacks_answer(self, pending: Container[str]) -> bool:
        """Return True if a pending request waits for a missing mock; an empty list is a mock that never answers."""
        return any(call.id in pending and call.state not in self.answers for call in self._unanswered)

    def check_states(self, machine: StateMachine, place: str = "there is a mock of") -> None:
        """Refuse answers of states that a machine does not have.

        Args:
            machine: the machine.
            place: begins the error: ``test case 'a' mocks``.

        Raises:
            UsageError: if there is one, with the state that may be meant.
        """
        states = {names[-1] for _, names, _ in walk_states(machine)} if self.answers else set()
        for state in self.answers:
            if state not in states:
                known = sorted(states)
                near = closest_word(state, known)
                hint = f"; did you mean {near!r}?" if near else f"; it has {', '.join(map(repr, known[:20]))}"
                raise UsageError(f"{place} state {state!r}, which the machine does not have{hint}")

    def fresh(self) -> Mocks:
        """Return the same mocks with no call counted."""
        made = Mocks(self.answers, self.objects, self.recorded)
        made.input, made.by_place = self.input, self.by_place
        return made

    def repeat(self, run: Mocks) -> Mocks:
        """Return the same mocks with no call counted, of which each call has the answer that it had in another run.

        Siblings within a Parallel or Map share a state's answers in the order of their calls, which is another one
        where each of them runs to its end before the next.

        Args:
            run: the mocks of that run.
        """
        made = self.fresh()
        made.by_place = dict(run.used)
        return made

    def as_configuration(self) -> dict[str, Any]:
        """Return a mock configuration with one test case; ``Objects``, ``Recorded`` and ``ByPlace`` extend it.

        Large objects are files in it, which exist as long as these mocks.
        """
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
            "Objects": self._object_answers.as_json(),
            **recorded,
            **({"ByPlace": dict(self.by_place)} if self.by_place else {}),
        }

    def close(self) -> None:
        """Close the objects that were opened and not read to their end."""
        self._object_answers.close()

    def missing(self) -> UsageError:
        """Return the error for an execution that waits for a call without an answer."""
        call = self._unanswered[-1]
        known = ", ".join(sorted(state for state, entries in self.answers.items() if entries)) or "none"
        return UsageError(
            f"state {call.state!r} calls {call.resource} but has no mock: add one; states with one: {known}"
        )


def _is_within_container(place: str) -> bool:
    return place.count("/") > 1


def _check_entry(state: str, index: int, entry: Any) -> None:
    if isinstance(entry, Mapping) and len(entry) == 1:
        if "Return" in entry:
            return
        if isinstance(entry.get("Throw"), Mapping) and all(map(_is_error_detail, entry["Throw"].items())):
            return
    raise UsageError(
        f"entry {index} of the mock of state {state!r} must be "
        '{"Return": <json>} or {"Throw": {"Error": <text>, "Cause": <text>}}'
    )


def _is_error_detail(detail: tuple[str, Any]) -> bool:
    return detail[0] in ("Error", "Cause") and isinstance(detail[1], str | None)
