"""Runs an execution that chooses its own input and answers while it goes, towards the goals of a case."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.model import Choice, Map, StateMachine
from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.compare.cases.case_data import CaseData, Entry
from sfn_provider.compare.cases.choice_solver import ChoiceRules, Operand, RuleIndex, assignments, try_match
from sfn_provider.compare.cases.data_filling import DataFilling, member, set_member, slot_of
from sfn_provider.compare.cases.data_reads import DataRead
from sfn_provider.compare.cases.goals import Goal
from sfn_provider.compare.cases.item_objects import ItemObjects
from sfn_provider.compare.cases.steering import Knowledge, Steering
from sfn_provider.compare.cases.task_results import result_shape, sample_result
from sfn_provider.compare.cases.traced_values import Key, Slot, TracedList, TracedObject, plain, traced
from sfn_provider.compare.machine_parts import MachineParts, PlacedState
from sfn_provider.engine.observations import CallRequested, ChoiceMade, Observation, StateEntered
from sfn_provider.engine.requests import CallTask, Event
from sfn_provider.engine.simulation.mocks import Mocks

CAUSE: Final = "made for this case"


class MachineData:
    """What all runs of a machine share: what its states read, and its compiled Choices."""

    def __init__(self, machine: StateMachine, parts: MachineParts, reads: dict[str, list[DataRead]]) -> None:
        self.machine = machine
        self.parts = parts
        self.reads = reads
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
        self._filling = DataFilling(seed.absent)
        self._documents = TracedObject("")
        self._results: dict[str, list[Entry]] = {}
        self._visits: Counter[tuple[Any, str]] = Counter()
        self._call_states: dict[str, str] = {}
        self._plans: dict[str, tuple[list[str], bool]] = {}
        self._items = ItemObjects(data.parts, seed)
        self.reasons: dict[Goal, str] = {}
        self.guessed = False
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
        return self._filling.stale or self.guessed or self._items.stale

    def case(self) -> CaseData:
        """Return the case that the execution has made."""
        answers = {
            state: [self._plain_entry(state, entry) for entry in found] for state, found in self._results.items()
        }
        made = CaseData(plain(self._documents["input"]), answers, dict(self._items.objects))
        made.columns, made.counts, made.absent = self._items.columns, self._items.counts, self._filling.absent
        return made

    def _plain_entry(self, state: str, entry: Entry) -> Entry:
        if "Return" not in entry:
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
        self._visits[entered.place, at] += 1
        self._steering.reached(Goal("state", at))
        self._items.entered(at, entered.place, entered.scope.input)
        self._fill(at, placed, entered.scope)
        if isinstance(placed.state, Choice):
            self._choose(at, placed, entered)
        elif isinstance(placed.state, Map):
            self._set_items(at, placed, entered.scope)

    def _chosen(self, choice: ChoiceMade) -> None:
        at = self._data.parts.pointer_of(choice.place, choice.name)
        self._steering.reached(Goal("rule", at, choice.rule))

    def _requested(self, requested: CallRequested) -> None:
        call = requested.call
        self._call_states[call.id] = self._data.parts.pointer_of(requested.place, call.state)

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
        item = (scope.context.get("Map") or {}).get("Item") or {}
        for read in self._data.reads[at]:
            if read.root == "item" and "Value" in item:
                self._filling.ensure(item["Value"], read.steps, read.kind)

    def _root(self, read: DataRead, placed: PlacedState, scope: Scope) -> Json:
        if read.root == "variables":
            return scope.variables
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
        for wished in self._steering.rules(at, self._visits[entered.place, at]):
            if self._bring_about(rules, scope, wished):
                self._pin(rules, scope, wished)
                return
            self._knowledge.failures[at, wished] += 1
            self.reasons.setdefault(Goal("rule", at, wished), self._reason(rules, scope, wished))

    def _bring_about(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex) -> bool:
        """Change values so that a rule is the first that holds; False where none of those that are tried does."""
        if try_match(rules, scope) == (True, wished):
            return True
        operands = [each for each in rules.operands_up_to(wished) if self._is_free(each, scope)]
        values = {each: rules.values_for(each, lambda other: self._read(other, scope)) for each in operands}
        for trial in assignments(operands, values):
            before = [(each, self._read(each, scope)) for each in trial]
            for each, value in trial.items():
                self._set_in_view(each, scope, value)
            matched = try_match(rules, scope) == (True, wished)
            for each, value in reversed(before):
                self._set_in_view(each, scope, value)
            if matched:
                for each, value in trial.items():
                    self._commit(each, scope, value)
                return True
        return False

    def _holder(self, operand: Operand, scope: Scope, *, make: bool = False) -> Json:
        """Return what holds an operand; MISSING where there is nothing."""
        holder = scope.variables if operand.root == "variables" else scope.input
        for step in operand.steps[:-1]:
            inner = member(holder, step)
            if inner is MISSING and make:
                self._filling.ensure(holder, (step,), "object")
                inner = member(holder, step)
            holder = inner
            if holder is MISSING:
                return MISSING
        return holder

    def _read(self, operand: Operand, scope: Scope) -> Json:
        holder = self._holder(operand, scope)
        return MISSING if holder is MISSING or not operand.steps else member(holder, operand.steps[-1])

    def _is_free(self, operand: Operand, scope: Scope) -> bool:
        if not operand.steps:
            return False
        return any(slot.identity not in self._filling.pinned for slot in self._slots(operand, scope)[:4])

    def _slots(self, operand: Operand, scope: Scope) -> list[Slot]:
        """Return where an operand's value comes from; where that is not known, members of the same name."""
        holder = self._holder(operand, scope, make=True)
        if holder is MISSING:
            return []
        found = slot_of(holder, operand.steps[-1])
        if found is not None:
            return [found]
        return self._same_named(str(operand.steps[-1]))

    def _same_named(self, name: str) -> list[Slot]:
        found: list[Slot] = []
        pending: list[Json] = [self._documents]
        while pending:
            value = pending.pop()
            if isinstance(value, TracedObject):
                if name in value and value is not self._documents:
                    found.append(Slot(value.original, name))
                pending += list(value.values())
            elif isinstance(value, list):
                pending += value
        return [slot for slot in found if slot.identity not in self._filling.pinned]

    def _set_in_view(self, operand: Operand, scope: Scope, value: Json) -> None:
        set_member(self._holder(operand, scope), operand.steps[-1], value)

    def _commit(self, operand: Operand, scope: Scope, value: Json) -> None:
        holder, key = self._holder(operand, scope), operand.steps[-1]
        known = slot_of(holder, key)
        slots = self._slots(operand, scope)
        free = [slot for slot in slots if slot.identity not in self._filling.pinned]
        if not free:
            return
        self.guessed = self.guessed or known is None
        free[0].write(value)
        if value is MISSING:
            self._filling.absent |= {free[0].path}
        else:
            self._filling.absent -= {free[0].path}
        self._filling.pinned.add(free[0].identity)
        set_member(holder, key, member(free[0].holder, free[0].key) if value is not MISSING else MISSING)

    def _pin(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex) -> None:
        for operand in rules.operands_up_to(wished):
            if operand.steps and (holder := self._holder(operand, scope)) is not MISSING:
                slot = slot_of(holder, operand.steps[-1])
                if slot is not None:
                    self._filling.pinned.add(slot.identity)

    def _reason(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex) -> str:
        operands = rules.operands_up_to(wished)
        fixed = [each for each in operands if not self._is_free(each, scope)]
        if not fixed:
            return "none of the values that were tried makes it hold"
        values = [(each, self._read(each, scope)) for each in fixed[:2]]
        return ", ".join(
            f"{each.text} is never there" if value is MISSING else f"{each.text} is always {_short(value)} here"
            for each, value in values
        )

    # Maps ------------------------------------------------------------------------------------------------------------

    def _set_items(self, at: str, placed: PlacedState, scope: Scope) -> None:
        state, count = placed.state, self._steering.items(at)
        if getattr(state, "item_reader", None) is not None:
            self._items.set_count(at, count, [read for read in self._data.reads[at] if read.root == "item"])
            return
        lists = [read for read in self._data.reads[at] if read.kind == "list" and read.root != "item"]
        for read in lists[:1]:
            items = self._value_at(self._root(read, placed, scope), read.steps)
            if isinstance(items, TracedList):
                self._resize(items, count)
            for item in items if isinstance(items, list) else ():
                for inner in self._data.reads[at]:
                    if inner.root == "item":
                        self._filling.ensure(item, inner.steps, inner.kind)

    @staticmethod
    def _value_at(value: Json, steps: tuple[Key, ...]) -> Json:
        for step in steps:
            value = member(value, step)
        return value

    def _resize(self, items: TracedList, count: int) -> None:
        slot = items.slot
        if slot is not None and slot.identity in self._filling.pinned:
            return
        del items[count:]
        while len(items) < count:
            self._filling._fill_entry(items, len(items))
        if slot is not None:
            self._filling.pinned.add(slot.identity)

    # Tasks -----------------------------------------------------------------------------------------------------------

    def answer(self, call: CallTask, now: float) -> Event | None:
        """Answer a call: fail as the case asks for, else return a result with what later states read."""
        if call.purpose != "task":
            self._items.provide(call)
            self.objects.update(self._items.objects)
            return super().answer(call, now)
        at = self._call_states[call.id]
        visit = call.place.rpartition(".")[0]
        if call.attempt == 0:
            self._plans[visit] = self._steering.failures(at)
        errors, for_good = self._plans[visit]
        entries = self._results.setdefault(call.state, [])
        if errors and (for_good or call.attempt < len(errors)):
            error = errors[min(call.attempt, len(errors) - 1)]
            entries.append({"Throw": {"Error": error, "Cause": CAUSE}})
        else:
            entries.append(self._success(at, call, len(entries)))
        self.answers[call.state] = tuple({key: entry[key] for key in entry if key != "document"} for entry in entries)
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

    def _fill_result(self, at: str, result: Json) -> None:
        state: Any = self._data.parts.states[at].state
        for read in self._data.reads[at]:
            if read.root == "result":
                self._filling.ensure(result, read.steps, read.kind)
            elif read.root == "output" and state.result_selector is None:
                where = (state.result_path or "").split(".")
                if state.result_path == "$":
                    self._filling.ensure(result, read.steps, read.kind)
                elif len(where) == 2 and read.steps[:1] == (where[1],):
                    self._filling.ensure(result, read.steps[1:], read.kind)


def _short(value: Json) -> str:
    text = json.dumps(plain(value), ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"


_HANDLERS: Final[dict[type[Any], Callable[[SteeredRun, Any], None]]] = {
    StateEntered: SteeredRun._entered,
    ChoiceMade: SteeredRun._chosen,
    CallRequested: SteeredRun._requested,
}
