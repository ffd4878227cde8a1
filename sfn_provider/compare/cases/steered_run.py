"""Runs an execution that chooses its input and answers while it goes, towards the goals of a case."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from sfn_provider.asl.jsonpath.syntax import Slice, parse_path
from sfn_provider.asl.model import Choice, Map, StateMachine
from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.compare.cases.choice_rules import ChoiceRules
from sfn_provider.compare.cases.choice_values import ChoiceValues, Trials
from sfn_provider.compare.cases.data.case_data import CaseData, Entry
from sfn_provider.compare.cases.data.data_filling import DataFilling
from sfn_provider.compare.cases.data.item_objects import ItemObjects
from sfn_provider.compare.cases.data.task_results import result_shape, sample_result
from sfn_provider.compare.cases.data.traced_values import (
    Slot,
    TracedList,
    TracedObject,
    get_member,
    item_value,
    plain,
    traced,
)
from sfn_provider.compare.cases.goals import Goal
from sfn_provider.compare.cases.search_budget import STATE, SearchBudget
from sfn_provider.compare.cases.steering import Knowledge, Steering
from sfn_provider.compare.machine_analysis.data_read_types import EACH, DataRead, Key
from sfn_provider.compare.machine_analysis.data_reads import path_steps
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts, PlacedState
from sfn_provider.engine.observations import (
    CallRequested,
    CatchDecision,
    ChoiceMade,
    Observation,
    RetryDecision,
    StateEntered,
    StateFailure,
)
from sfn_provider.engine.requests import CallTask, Event
from sfn_provider.engine.simulation.mocks import Mocks

MAX_VISITS: Final = 1500
"""How many states an execution enters before it is left: a loop without an end shows nothing new."""

CAUSE: Final = "made for this case"


class TooLong(Exception):
    """The execution has entered more than `MAX_VISITS` states."""


class MachineData:
    """What all runs of a machine share: what its states read, and its compiled Choices."""

    def __init__(
        self, machine: StateMachine, parts: MachineParts, reads: dict[str, list[DataRead]], budget: SearchBudget
    ) -> None:
        self.machine = machine
        self.parts = parts
        self.reads = reads
        self.budget = budget
        self.trials = Trials(budget=budget)
        self.choices: dict[str, ChoiceRules] = {
            at: ChoiceRules(placed.state, placed.language)
            for at, placed in parts.states.items()
            if isinstance(placed.state, Choice)
        }


class SteeredRun(Mocks):
    """The mocks and the observer of one execution, which fill in what it reads and steer where it goes.

    Args:
        data: the machine.
        seed: the case to begin with.
        steering: where to go.
        knowledge: takes which decisions could not be brought about.
    """

    def __init__(self, data: MachineData, seed: CaseData, steering: Steering, knowledge: Knowledge) -> None:
        super().__init__({}, dict(seed.objects))
        self._data = data
        self._seed = seed
        self._steering = steering
        self._knowledge = knowledge
        self._items = ItemObjects(data.parts, seed)
        self._filling = DataFilling(seed.absent, self._items)
        self._documents = TracedObject("")
        self._values = ChoiceValues(self._filling, self._documents, data.trials)
        self._results: dict[str, list[Entry]] = {}
        self._visits: Counter[tuple[Any, str]] = Counter()
        self._call_states: dict[str, str] = {}
        self._call_visits: dict[str, int] = {}
        self._plans: dict[str, tuple[list[str], bool]] = {}
        self.reasons: dict[Goal, str] = {}
        if seed.fixed_input:  # values without slots are not changed
            self.input = copy.deepcopy(seed.input)
            dict.__setitem__(self._documents, "input", seed.input)
        else:
            self.input = self._document("input", seed.input)

    def _document(self, name: str, value: Json) -> Json:
        slot = Slot(self._documents, name)
        dict.__setitem__(self._documents, name, traced(value, slot))
        return self._documents[name]

    @property
    def problems(self) -> list[str]:
        """What could not be filled in, in words."""
        return self._filling.problems

    @property
    def stale(self) -> bool:
        """Whether the execution has to be run again with its own case, for some values came too late."""
        return self._filling.stale or self._values.guessed or self._items.stale

    def case(self) -> CaseData:
        """Return the case that the execution has made."""
        answers = {
            state: [self._plain_entry(state, entry) for entry in found] for state, found in self._results.items()
        }
        made = CaseData(plain(self._documents["input"]), answers, dict(self._items.objects))
        made.fixed_input = self._seed.fixed_input
        made.rows, made.absent = self._items.rows, self._filling.absent
        return made

    def _plain_entry(self, state: str, entry: Entry) -> Entry:
        if "document" not in entry:
            return entry
        slot: str = entry["document"]
        return {"Return": plain(self._documents[slot], f"{state}-result")}

    # Observations ----------------------------------------------------------------------------------------------------

    def observe(self, observation: Observation) -> None:
        """Take an observation of the engine, before the state evaluates anything."""
        handler = _HANDLERS.get(type(observation))
        if handler is not None:
            handler(self, observation)

    def _entered(self, entered: StateEntered) -> None:
        at = self._data.parts.pointer_of(entered.place, entered.state)
        placed = self._data.parts.states[at]
        decisions = len(self._data.parts.edges[at]) + len(getattr(placed.state, "retry", ()))
        self._data.budget.spend(STATE + 5 * (decisions + len(self._data.reads[at])))
        self._visits[entered.place, at] += 1
        if self._visits.total() > MAX_VISITS:
            raise TooLong
        self._steering.reached(Goal("state", at))
        self._fill(at, placed, entered.scope)
        if isinstance(placed.state, Choice):
            self._choose(at, placed, entered)
        elif isinstance(placed.state, Map):
            self._set_items(at, placed, entered.scope)

    def _chosen(self, choice: ChoiceMade) -> None:
        at = self._data.parts.pointer_of(choice.place, choice.name)
        self._steering.reached(Goal("rule", at, choice.rule))

    def _failed(self, failure: StateFailure) -> None:
        at = self._data.parts.pointer_of(failure.place, failure.state)
        if isinstance(failure.decision, RetryDecision):
            self._steering.reached(Goal("retrier", at, failure.decision.retrier))
            return
        for index in range(len(getattr(self._data.parts.states[at].state, "retry", ()))):
            self._steering.reached(Goal("exhausted", at, index))
        if isinstance(failure.decision, CatchDecision):
            self._steering.reached(Goal("catcher", at, failure.decision.catcher))

    def _requested(self, requested: CallRequested) -> None:
        call = requested.call
        self._call_states[call.id] = at = self._data.parts.pointer_of(requested.place, call.state)
        self._call_visits[call.id] = self._visits[requested.place, at]

    # Filling ---------------------------------------------------------------------------------------------------------

    def _fill(self, at: str, placed: PlacedState, scope: Scope) -> None:
        for read in self._data.reads[at]:
            if read.optional or read.root in ("result", "output", "item"):
                continue
            root = self._root(read, placed, scope)
            if root is not MISSING:
                self._filling.ensure(root, read.steps, read.kind)
        if not isinstance(placed.state, Map):
            self._fill_item_reads(at, scope)

    def _fill_item_reads(self, at: str, scope: Scope) -> None:
        item = item_value(scope)
        for read in self._data.reads[at]:
            if read.root == "item" and item is not MISSING:
                self._filling.ensure(item, read.steps, read.kind)

    def _root(self, read: DataRead, placed: PlacedState, scope: Scope) -> Json:
        if read.root == "variables":
            return scope.variables
        if read.root == "execution input":
            return self.input
        return scope.input if read.root == "input" else self._effective(placed, scope)

    def _effective(self, placed: PlacedState, scope: Scope) -> Json:
        """Return the input after InputPath; MISSING where it finds nothing."""
        path = getattr(placed.state, "input_path", "$")
        if path == "$" or placed.language == "JSONata":
            return scope.input
        if path is None:
            return MISSING
        try:
            return compile_path(path).read(scope)
        except (PathNotFound, ValueError):
            return MISSING

    # Choices ---------------------------------------------------------------------------------------------------------

    def _choose(self, at: str, placed: PlacedState, entered: StateEntered) -> None:
        seen = self._effective(placed, entered.scope)
        if seen is MISSING:
            return
        scope = Scope(seen, entered.scope.context, entered.scope.variables)
        rules = self._data.choices[at]
        for number, wished in enumerate(self._steering.rules(at, self._visits[entered.place, at])):
            # What decides an earlier Choice may change for the goal of this execution: the next run shows what follows.
            over_pins = number == 0 and self._steering.has_primary
            if self._values.bring_about(rules, scope, wished, over_pins=over_pins):
                self._values.pin(rules, scope, wished)
                return
            self._knowledge.failures[at, wished] += 1
            self.reasons.setdefault(Goal("rule", at, wished), self._values.reason(rules, scope, wished))

    # Maps ------------------------------------------------------------------------------------------------------------

    def _set_items(self, at: str, placed: PlacedState, scope: Scope) -> None:
        state: Any = placed.state
        count = self._steering.items(at)
        if state.item_reader is not None:
            self._items.prepare(at, count, [read for read in self._data.reads[at] if read.root == "item"])
            self._data.budget.spend(10 * sum(map(len, self._items.rows[at])))
            return
        if isinstance(state.items, str) and not _PLAIN_PATH.fullmatch(state.items) and state.item_selector is None:
            self._fill_entries(at, placed, scope)
        items, skipped = self._item_list(at, placed, scope)
        if isinstance(items, TracedList):
            self._resize(items, count + skipped, over_pins=self._steering.is_for_items_of(at))
        for item in items if isinstance(items, list) else ():
            for read in self._data.reads[at]:
                if read.root == "item":
                    self._filling.ensure(item, read.steps, read.kind)

    def _fill_entries(self, at: str, placed: PlacedState, scope: Scope) -> None:
        """Fill the entries of lists from which an expression makes the items, with what the states of an item read."""
        parts = self._data.parts
        inside = [inner for inner, state in parts.states.items() if parts.scopes[state.scope].container == at]
        wanted = [read for inner in inside for read in self._data.reads[inner] if read.root == "input" and read.steps]
        for read in self._data.reads[at]:
            if read.kind == "list" and read.root != "item":
                entries = self._value_at(self._root(read, placed, scope), read.steps)
                for entry in entries if isinstance(entries, TracedList) else ():
                    for member in wanted:
                        if not member.optional:
                            self._filling.ensure(entry, member.steps, member.kind)

    def _item_list(self, at: str, placed: PlacedState, scope: Scope) -> tuple[Json, int]:
        """Return the list that a Map takes its items from, and how many at its start it leaves out."""
        state: Any = placed.state
        if placed.language == "JSONPath" and state.items_path == "$" and isinstance(state.input_path, str):
            selectors = parse_path(state.input_path).selectors
            last = selectors[-1] if selectors else None
            if isinstance(last, Slice):
                return self._value_at(scope.input, path_steps(selectors[:-1])), last.start or 0
        lists = [read for read in self._data.reads[at] if read.kind == "list" and read.root != "item"]
        return (self._value_at(self._root(lists[0], placed, scope), lists[0].steps), 0) if lists else (MISSING, 0)

    @staticmethod
    def _value_at(value: Json, steps: tuple[Key, ...]) -> Json:
        for step in steps:
            value = get_member(value, step)
        return value

    def _resize(self, items: TracedList, count: int, *, over_pins: bool) -> None:
        slot = items.slot
        if slot is not None and slot.identity in self._filling.pinned:
            if not over_pins or len(items) == count:
                return
            self._filling.stale = True
        del items[count:]
        while len(items) < count:
            self._filling.fill_entry(items, len(items))
        if slot is not None:
            self._filling.pinned.add(slot.identity)

    # Tasks -----------------------------------------------------------------------------------------------------------

    def answer(self, call: CallTask, now: float) -> Event | None:
        """Answer a call: fail as the case asks for, else return a result with what later states read."""
        if call.purpose != "task":
            return self._answer_reader(call, now)
        at = self._call_states[call.id]
        visit = call.place.rpartition(".")[0]
        if call.attempt == 0:
            self._plans[visit] = self._steering.failures(at, self._call_visits[call.id])
        errors, for_good = self._plans[visit]
        entries = self._results.setdefault(call.state, [])
        if errors and (for_good or call.attempt < len(errors)):
            error = errors[min(call.attempt, len(errors) - 1)]
            entries.append({"Throw": {"Error": error, "Cause": CAUSE}})
        else:
            entries.append(self._success(at, call, len(entries)))
        self.answers[call.state] = tuple({key: entry[key] for key in entry if key != "document"} for entry in entries)
        return super().answer(call, now)

    def _answer_reader(self, call: CallTask, now: float) -> Event | None:
        """Answer an ItemReader: with an object in S3, with rows where there is no text, or with the desired error."""
        error = self._steering.reader_error(call.state) if call.purpose != "write" else None
        rows = self._items.provide(call) if error is None else None
        if error is not None or rows is not None:
            entry: Entry = {"Return": rows} if error is None else {"Throw": {"Error": error, "Cause": CAUSE}}
            entries = self._results.setdefault(call.state, [])
            entries.append(entry)
            self.answers[call.state] = tuple(entries)
        self.objects.update(self._items.objects)
        return super().answer(call, now)

    def _success(self, at: str, call: CallTask, number: int) -> Entry:
        seeded = self._seed.answers.get(call.state, [])
        known = seeded[min(number, len(seeded) - 1)] if seeded else {}
        name = f"result {number + 1} of {call.state}"
        shape = result_shape(call.resource)
        value = known["Return"] if "Return" in known else sample_result(call.resource)
        slot = Slot(self._documents, name)
        dict.__setitem__(self._documents, name, traced(value, slot, shape=shape))
        result = self._documents[name]
        if isinstance(result, TracedObject | TracedList):
            result.shape = shape
        self._fill_result(at, result)
        return {"Return": self._documents[name], "document": name}

    def _reads_of_output(self, at: str) -> Iterator[DataRead]:
        """Iterate over what is read of a state's result, also as that of the Parallel or Map whose branch it ends."""
        yield from self._data.reads[at]
        placed = self._data.parts.states[at]
        container = self._data.parts.scopes[placed.scope].container
        if container is None or not getattr(placed.state, "end", False):
            return
        around: Any = self._data.parts.states[container].state
        is_whole = around.result_selector is None and around.result_path == "$"
        branch = placed.scope.rpartition("/")[2]
        for read in self._reads_of_output(container):
            # The one item processor of a Map has no number: it makes every item.
            is_own = not branch.isdecimal() or read.steps[:1] in ((EACH,), (int(branch),))
            if (read.root == "result" or (read.root == "output" and is_whole)) and read.steps and is_own:
                yield replace(read, root="output", steps=read.steps[1:])

    def _fill_result(self, at: str, result: Json) -> None:
        state: Any = self._data.parts.states[at].state
        for read in self._reads_of_output(at):
            if read.root == "result":
                self._filling.ensure(result, read.steps, read.kind)
            elif read.root == "output" and state.result_selector is None:
                where = (state.result_path or "").split(".")
                if state.result_path == "$":
                    self._filling.ensure(result, read.steps, read.kind)
                elif len(where) == 2 and read.steps[:1] == (where[1],):
                    self._filling.ensure(result, read.steps[1:], read.kind)


_PLAIN_PATH: Final = re.compile(r"\{%\s*\$[\w.]+\s*%\}")
"""An expression whose items are those of a list as it is: they are filled when they are read."""

_HANDLERS: Final[dict[type[Any], Callable[[SteeredRun, Any], None]]] = {
    StateEntered: SteeredRun._entered,
    ChoiceMade: SteeredRun._chosen,
    CallRequested: SteeredRun._requested,
    StateFailure: SteeredRun._failed,
}
