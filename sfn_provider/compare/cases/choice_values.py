"""Changes what a Choice reads, in the input and in results, so that it takes a certain rule."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.compare.cases.choice_rules import PRESENT, ChoiceRules, Operand, RuleIndex
from sfn_provider.compare.cases.data.data_filling import DataFilling, ValueSlot
from sfn_provider.compare.cases.data.traced_values import (
    Slot,
    TracedObject,
    get_member,
    item_value,
    plain,
    put_member,
    undetermined,
)
from sfn_provider.compare.cases.search_budget import STATE, SearchBudget
from sfn_provider.compare.machine_analysis.data_read_types import Key
from sfn_provider.exceptions import StatesError
from sfn_provider.formatting import cut

Assignment = dict[Operand, Json]

Fingerprint = tuple[int, RuleIndex, str]
"""What a search for values begins with: the rules, the rule, the values."""

Guess = tuple[int, str, str, str]
"""A value that may decide a Choice: the rules, the operand, the path of the value, the value."""

MAX_GUESSES: Final = 2
"""How many executions may make the same guess: one that is right is not made again, for the Choice reads the value."""


@dataclass(slots=True)
class Trials:
    """What the executions of a machine have tried.

    Args:
        hopeless: where searches for values have begun that found none.
        guesses: how many executions have made a guess.
        budget: the work that the search has left.
    """

    hopeless: set[Fingerprint] = field(default_factory=set)
    guesses: Counter[Guess] = field(default_factory=Counter)
    budget: SearchBudget = field(default_factory=SearchBudget)


class ChoiceValues:
    """The values of one execution that decide its Choices.

    Args:
        filling: knows slots, and which of them may still change.
        documents: the input and the results of the execution.
        trials: what earlier executions have tried in vain; added to.

    Attributes:
        guessed: True where a value was changed of which it is not certain that the Choice reads it.
    """

    def __init__(self, filling: DataFilling, documents: TracedObject, trials: Trials) -> None:
        self._trials = trials
        self._own_guesses: set[Guess] = set()
        self._filling = filling
        self._documents = documents
        self._over_pins = False
        self._present: set[tuple[int, Key]] = set()
        self.guessed = False

    def bring_about(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex, *, over_pins: bool) -> bool:
        """Change values so that a rule is the first that holds; False where none of those that are tried does.

        Args:
            rules: the rules.
            scope: what they see.
            wished: the rule; None for Default.
            over_pins: whether values may change that an earlier Choice has read.
        """
        self._trials.budget.spend(10 * len(rules.operands))
        holds = try_match(rules, scope) == (True, wished)
        self._over_pins = False
        operands = [each for each in rules.operands_up_to(wished) if self._is_free(each, scope)]
        unknown = [each for each in operands if self._is_undetermined(each, scope)]
        if holds and not unknown:
            return True
        if holds:
            self._assign_typed(rules, scope, wished, unknown)
            return True
        before = self._fingerprint(rules, scope, wished, operands, over_pins)
        if before in self._trials.hopeless:
            return False
        if self._try_all(rules, scope, wished, operands):
            return True
        if over_pins:
            self._over_pins = True
            freed = [each for each in rules.operands_up_to(wished) if self._is_free(each, scope)]
            if freed != operands and self._try_all(rules, scope, wished, freed):
                self._filling.stale = True
                return True
        self._trials.hopeless.add(before)
        return False

    def _fingerprint(
        self, rules: ChoiceRules, scope: Scope, wished: RuleIndex, free: list[Operand], over_pins: bool
    ) -> Fingerprint:
        """Return text for what a search for values begins with: the same has the same result."""
        values = [
            (each.text, str(self._read(each, scope)), type(self._holder(each, scope)).__name__, each in free)
            for each in rules.operands_up_to(wished)
        ]
        return id(rules), wished, f"{over_pins} {values}"

    def _assign_typed(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex, operands: list[Operand]) -> None:
        """Set what is not known yet to values that the rules compare with, as long as the same rule holds."""
        for operand in operands:
            self._try_all(rules, scope, wished, [operand], skip_missing=True)

    def _try_all(
        self,
        rules: ChoiceRules,
        scope: Scope,
        wished: RuleIndex,
        operands: list[Operand],
        *,
        skip_missing: bool = False,
    ) -> bool:
        values = {each: self._values_for(rules, each, scope) for each in operands}
        if skip_missing:
            values = {each: [value for value in found if value is not MISSING] for each, found in values.items()}
        for trial in itertools.islice(assignments(operands, values), rules.max_trials):
            if self._is_new(rules, scope, trial) and self._matches(rules, scope, wished, trial):
                for each, value in trial.items():
                    self._commit(rules, each, scope, value)
                return True
        return False

    def _is_new(self, rules: ChoiceRules, scope: Scope, trial: Assignment) -> bool:
        """Return whether the values of a trial have not turned out as read by another state than this Choice."""
        for operand, value in trial.items():
            if self._filling.slot_of(self._holder(operand, scope), operand.steps[-1]) is None:
                slot = next(filter(self._may_change, self._slots(operand, scope)))
                if self._trials.guesses[_guess(rules, operand, slot, value)] >= MAX_GUESSES:
                    return False
        return True

    def _values_for(self, rules: ChoiceRules, operand: Operand, scope: Scope) -> list[Json]:
        found = rules.values_for(operand, lambda other: self._read(other, scope))
        slots = self._slots(operand, scope)
        stays = any(slot.is_root or slot.identity in self._present for slot in slots[:1])
        return [value for value in found if value is not MISSING or not stays]

    def _matches(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex, trial: Assignment) -> bool:
        self._trials.budget.spend(STATE + 3 * len(rules.operands) + 10 * len(trial))
        before = [(each, self._read(each, scope)) for each in trial]
        for each, value in trial.items():
            self._put(each, scope, value)
        matched = try_match(rules, scope) == (True, wished)
        for each, value in reversed(before):
            self._put(each, scope, value)
        return matched

    # Where values are ------------------------------------------------------------------------------------------------

    def _holder(self, operand: Operand, scope: Scope, *, make: bool = False) -> Json:
        """Return what holds an operand; MISSING where there is nothing."""
        roots = {
            "variables": scope.variables,
            "execution input": self._documents["input"],
            "item": item_value(scope),
        }
        holder = roots.get(operand.root, scope.input)
        for step, following in itertools.pairwise(operand.steps):
            inner = get_member(holder, step)
            is_no_list = isinstance(following, int) and inner == {}  # nothing was known of it yet
            if make and (inner is MISSING or is_no_list):
                self._filling.ensure(holder, (step,), DataFilling.kind_for(following))
                inner = get_member(holder, step)
            holder = inner
            if holder is MISSING:
                return MISSING
        return holder

    def _read(self, operand: Operand, scope: Scope) -> Json:
        holder = self._holder(operand, scope)
        return MISSING if holder is MISSING or not operand.steps else get_member(holder, operand.steps[-1])

    def _put(self, operand: Operand, scope: Scope, value: Json) -> None:
        put_member(self._holder(operand, scope), operand.steps[-1], value)

    def _is_undetermined(self, operand: Operand, scope: Scope) -> bool:
        value = self._read(operand, scope)
        return isinstance(value, TracedObject) and value.undetermined

    def _is_free(self, operand: Operand, scope: Scope) -> bool:
        return bool(operand.steps) and any(map(self._may_change, self._slots(operand, scope)))

    def _may_change(self, slot: ValueSlot) -> bool:
        return self._over_pins or slot.identity not in self._filling.pinned

    def _slots(self, operand: Operand, scope: Scope) -> list[ValueSlot]:
        """Return where an operand's value comes from; where that is not known, members of the same name."""
        holder = self._holder(operand, scope, make=True)
        if holder is MISSING:
            return []
        found = self._filling.slot_of(holder, operand.steps[-1])
        if found is not None:
            return [found]
        return self._same_named(str(operand.steps[-1]))

    def _same_named(self, name: str) -> list[ValueSlot]:
        found: list[ValueSlot] = []
        pending: list[Json] = list(self._documents.values())
        while pending:
            value = pending.pop()
            if isinstance(value, TracedObject):
                if name in value:
                    found.append(Slot(value.original, name))
                pending += list(value.values())
            elif isinstance(value, list):
                pending += value
        root = self._documents["input"]
        if isinstance(root, TracedObject) and name not in root:
            found.append(Slot(root, name))
        return found

    def _commit(self, rules: ChoiceRules, operand: Operand, scope: Scope, value: Json) -> None:
        holder, key = self._holder(operand, scope), operand.steps[-1]
        is_certain = self._filling.slot_of(holder, key) is not None
        slot = next(filter(self._may_change, self._slots(operand, scope)))
        if not is_certain:
            self.guessed = True
            guess = _guess(rules, operand, slot, value)
            self._trials.guesses[guess] += guess not in self._own_guesses
            self._own_guesses.add(guess)
        if value is PRESENT and isinstance(slot, Slot):
            slot.write(undetermined(slot))
        else:
            slot.write(value)
        if value is MISSING:
            self._filling.absent |= {slot.path}
        else:
            self._filling.absent -= {slot.path}
        if value is not PRESENT:
            self._filling.pinned.add(slot.identity)
        if is_certain:  # else what holds it may be a constant of the definition; the next run shows what follows
            put_member(holder, key, slot.read() if value is not MISSING else MISSING)

    def pin(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex) -> None:
        """Keep from changing what has decided a Choice."""
        for operand in rules.operands_up_to(wished):
            holder = self._holder(operand, scope) if operand.steps else MISSING
            slot = self._filling.slot_of(holder, operand.steps[-1]) if holder is not MISSING else None
            if slot is None:
                continue
            if rules.tests_presence_alone(operand) and self._read(operand, scope) is not MISSING:
                self._present.add(slot.identity)  # it may have any other value
            else:
                self._filling.pinned.add(slot.identity)

    def reason(self, rules: ChoiceRules, scope: Scope, wished: RuleIndex) -> str:
        """Return why a rule cannot be brought about, in words."""
        self._over_pins = False
        operands = rules.operands_up_to(wished)
        fixed = [each for each in operands if not self._is_free(each, scope)]
        if not fixed:
            return "none of the values that were tried makes it hold"
        values = [(each, self._read(each, scope)) for each in fixed[:2]]
        return ", ".join(
            f"{each.text} is never there" if value is MISSING else f"{each.text} is always {_short(value)} here"
            for each, value in values
        )


def assignments(operands: Sequence[Operand], values: dict[Operand, list[Json]]) -> Iterator[Assignment]:
    """Yield assignments of values to operands: those that change fewest operands first.

    Args:
        operands: the operands that may change.
        values: what to try for each.
    """
    return (
        dict(zip(changed, chosen, strict=True))
        for size in range(1, len(operands) + 1)
        for changed in itertools.combinations(operands, size)
        for chosen in itertools.product(*(values[operand] for operand in changed))
    )


def try_match(rules: ChoiceRules, scope: Scope) -> tuple[bool, RuleIndex]:
    """Return whether the rules could be evaluated, and which one holds."""
    try:
        return True, rules.match(scope)
    except StatesError:
        return False, None


def _guess(rules: ChoiceRules, operand: Operand, slot: ValueSlot, value: Json) -> Guess:
    return id(rules), operand.text, slot.path, repr(value)


def _short(value: Json) -> str:
    return cut(json.dumps(plain(value), ensure_ascii=False), 40)
