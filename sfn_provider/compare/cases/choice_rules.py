"""Compiles the rules of a Choice, with what they read and the values that they compare with."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.json_values.json_checks import is_jsonata, is_number
from sfn_provider.asl.jsonata import JsonataSyntaxError, compile_jsonata
from sfn_provider.asl.jsonpath.syntax import parse_path
from sfn_provider.asl.model import Choice, ChoiceRule
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.compare.cases.data.list_values import fits_kind, make_lists, make_texts
from sfn_provider.compare.cases.data.sample_values import FUTURE, PAST, TIME
from sfn_provider.compare.machine_analysis.data_read_types import EACH, DataRead, Key
from sfn_provider.compare.machine_analysis.data_reads import operand_paths, path_steps
from sfn_provider.compare.machine_analysis.jsonata_reads import expression_reads
from sfn_provider.engine.dataflow.choice_rules import compile_rule
from sfn_provider.engine.history.timestamps import format_time, parse_time

RuleIndex = int | None

PRESENT: Final[dict[str, Json]] = {}
"""Stands for any value, where a rule asks for nothing but that there is one."""

MAX_TRIALS: Final = 2000
MAX_JSONATA_TRIALS: Final = 600
"""How many combinations of values are tried for a rule."""

_STEP: Final = timedelta(days=1).total_seconds()


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that a Choice reads.

    Args:
        root: ``input``, ``variables``, ``execution input`` or ``item``.
        steps: the members and indices to it.
        text: as it is written.
    """

    root: str
    steps: tuple[Key, ...]
    text: str


_OPERAND_ROOTS: Final = ("input", "variables", "execution input", "item")


class ChoiceRules:
    """The rules of a Choice, compiled, with what they read and the values that they compare with.

    Args:
        state: the Choice.
        language: its query language.

    Attributes:
        operands: what each rule reads.
        candidates: the values that operands are compared with.
        max_trials: how many combinations of values are worth a trial.
    """

    def __init__(self, state: Choice, language: str) -> None:
        self._state = state
        self.max_trials = MAX_JSONATA_TRIALS if language == "JSONata" else MAX_TRIALS
        self._tests: list[Callable[[Scope], bool]] = []
        self.operands: list[list[Operand]] = []
        self.candidates: dict[Operand, list[Json]] = {}
        self._compared: set[Operand] = set()
        self._pairs: list[tuple[Operand, Operand]] = []
        for rule in state.choices:
            if language == "JSONata":
                self._add_jsonata(rule)
            else:
                self._add_jsonpath(rule)
        self.candidates = {operand: unique(values) for operand, values in self.candidates.items()}

    def match(self, scope: Scope) -> RuleIndex:
        """Return the index of the first rule that holds; None for none.

        Raises:
            StatesError: if a rule cannot be evaluated.
        """
        return next((index for index, test in enumerate(self._tests) if test(scope)), None)

    def operands_up_to(self, rule: RuleIndex) -> list[Operand]:
        """Return what the rules up to one read; all for Default."""
        last = len(self.operands) - 1 if rule is None else rule
        own = self.operands[last] if rule is not None and self.operands else []
        return list(dict.fromkeys([*own, *itertools.chain(*self.operands[: last + 1])]))

    def values_for(self, operand: Operand, read: Callable[[Operand], Json]) -> list[Json]:
        """Return the values to try for an operand, the most promising first."""
        found = list(self.candidates.get(operand, ()))
        for one, other in self._pairs:
            if operand in (one, other):
                found += neighbors(read(other if operand == one else one))
        return unique(found)

    def tests_presence_alone(self, operand: Operand) -> bool:
        """Return whether the rules ask for an operand's presence, and nothing else."""
        return operand not in self._compared

    # Compiling --------------------------------------------------------------------------------------------------------

    def _add_jsonpath(self, rule: ChoiceRule) -> None:
        try:
            test: Callable[[Scope], bool] = compile_rule(rule)
        except ValueError:
            test = _never
        self._tests.append(test)
        found = [operand for text in operand_paths(rule) if (operand := path_operand(text)) is not None]
        self.operands.append(list(dict.fromkeys(found)))
        self._add_candidates(rule, negated=False)

    def _add_candidates(self, rule: ChoiceRule, *, negated: bool) -> None:
        for inner in (*(rule.and_ or ()), *(rule.or_ or ())):
            self._add_candidates(inner, negated=negated)
        if rule.not_ is not None:
            self._add_candidates(rule.not_, negated=not negated)
        operand = path_operand(rule.variable) if rule.variable is not None else None
        if operand is None or rule.comparison is None:
            return
        if rule.comparison != "IsPresent":
            self._compared.add(operand)
        if COMPARISONS[rule.comparison].operand_is_path:
            other = path_operand(str(rule.operand))
            if other is not None:
                self._compared.add(other)
                self._pairs.append((operand, other))
                starts: dict[str, list[Json]] = {"numeric": [1, 2, 3], "boolean": [True, False]}
                kind = COMPARISONS[rule.comparison].kind
                values = starts.get(kind, ["a", "b", "c"] if kind == "string" else [TIME, *neighbors(TIME)])
                for each in (operand, other):
                    self._add_values(each, values)
            return
        self._add_values(operand, comparison_values(rule.comparison, rule.operand, negated=negated))

    def _add_values(self, operand: Operand, values: Iterable[Json]) -> None:
        self.candidates.setdefault(operand, []).extend(values)

    def _add_jsonata(self, rule: ChoiceRule) -> None:
        condition = rule.condition
        if not is_jsonata(condition):
            self._tests.append(lambda _scope: condition is True)
            self.operands.append([])
            return
        source = condition[2:-2].strip()
        entropy = random.Random(0)
        try:
            compiled = compile_jsonata(source, "Condition")
        except ValueError:
            self._tests.append(_never)
            self.operands.append([])
            return
        self._tests.append(lambda scope: compiled.evaluate(scope, entropy) is True)
        reads = [read for read in expression_reads(source) if read.root in _OPERAND_ROOTS]
        operands = [_operand_of(read) for read in reads]
        self.operands.append(list(dict.fromkeys(operands)))
        self._compared.update(operands)
        values = expression_values(source)
        for operand, read in zip(operands, reads, strict=True):
            self._add_values(operand, [value for value in values if fits_kind(value, read.kind)])
            if read.kind == "list":
                same_root = [other for other in reads if other.root == read.root]
                self._add_values(operand, make_lists(same_root, read.steps, values))
            elif read.kind == "time":
                self._add_values(operand, [PAST, FUTURE])
            elif read.kind == "text" and "$length" in source:
                self._add_values(operand, make_texts(values))


def _operand_of(read: DataRead) -> Operand:
    """What a Choice reads of each entry of a list it reads of the first one."""
    steps = tuple(0 if step == EACH else step for step in read.steps)
    return Operand(read.root, steps, ".".join(map(str, read.steps)))


def _never(_scope: Scope) -> bool:
    return False


def path_operand(text: str | None) -> Operand | None:
    """Return what a path reads; None for one that may name several values, or another part of the context object."""
    try:
        parsed = parse_path(text or "")
    except ValueError:
        return None
    steps = path_steps(parsed.selectors)
    if len(steps) != len(parsed.selectors) or EACH in steps:
        return None
    if parsed.root == "context":
        if steps[:3] == ("Map", "Item", "Value"):
            return Operand("item", steps[3:], text or "")
        of_input = steps[:2] == ("Execution", "Input")
        return Operand("execution input", steps[2:], text or "") if of_input else None
    return Operand(parsed.root, steps, text or "")


def unique(values: Iterable[Json]) -> list[Json]:
    """Return the values without those that were there before; 1 and true are two."""
    scalars: set[tuple[type, Json]] = set()
    found: list[Json] = []
    others: list[Json] = []
    for value in values:
        if not isinstance(value, (list, dict)):
            is_new = (type(value), value) not in scalars
            scalars.add((type(value), value))
        elif is_new := not any(type(value) is type(other) and value == other for other in others):
            others.append(value)
        if is_new:
            found.append(value)
    return found


def neighbors(value: Json) -> list[Json]:
    """Return a value, the one before it and the one after it."""
    if isinstance(value, bool):
        return [value, not value]
    if is_number(value):
        return [value, value + 1, value - 1]
    if isinstance(value, str):
        moment = parse_time(value)
        if moment is not None:
            return [str(value), format_time(moment + _STEP), format_time(moment - _STEP)]
        return [str(value), f"{value}-2", value[:-1]]
    return []


def comparison_values(name: str, operand: Json, *, negated: bool = False) -> list[Json]:
    """Return values for which a comparison holds and fails, the ones for which it holds first.

    Args:
        name: the operator: ``NumericGreaterThan``.
        operand: what it compares with.
        negated: True where the rule holds if the comparison does not.
    """
    holds, fails = _values_of_test(name, operand)
    return [*fails, *holds] if negated else [*holds, *fails]


def _values_of_test(name: str, operand: Json) -> tuple[list[Json], list[Json]]:
    kind, relation = COMPARISONS[name].kind, COMPARISONS[name].relation
    if kind == "test":
        of_type: dict[str, list[Json]] = {
            "IsNull": [None],
            "IsPresent": [PRESENT],
            "IsNumeric": [1],
            "IsString": ["sample"],
            "IsBoolean": [True],
            "IsTimestamp": [TIME],
        }
        others: list[Json] = [MISSING] if name == "IsPresent" else ["sample", 1] if name != "IsString" else [1]
        return (of_type[name], others) if operand else (others, of_type[name])
    if kind == "match":
        text = str(operand).replace("\\*", "\0")
        return [text.replace("*", "").replace("\0", "*"), text.replace("*", "x").replace("\0", "*")], [f"not-{text}"]
    if kind == "boolean":
        return [operand], [not operand]
    if kind == "numeric":
        return _around(relation, operand, *_numbers_around(operand))
    if kind == "timestamp":
        values = neighbors(operand)
        return _around(relation, operand, *(values[1:] if len(values) == 3 else [TIME, TIME]))
    return _around(relation, operand, f"{operand}-other", _text_before(str(operand)))


def _text_before(text: str) -> str:
    return text[:-1] if len(text) > 1 else "" if text else text


def _numbers_around(operand: Json) -> tuple[Json, Json]:
    """Return a number above and one below; of a share between 0 and 1 those that are shares too."""
    if isinstance(operand, float) and 0 < operand < 1:
        return round((operand + 1) / 2, 6), round(operand / 2, 6)
    return (operand + 1, operand - 1) if is_number(operand) else (1, 0)


def _around(relation: str, equal: Json, above: Json, below: Json) -> tuple[list[Json], list[Json]]:
    sides: dict[str, tuple[list[Json], list[Json]]] = {
        "==": ([equal], [above, below]),
        ">": ([above], [below, equal]),
        ">=": ([equal, above], [below]),
        "<": ([below], [above, equal]),
        "<=": ([equal, below], [above]),
    }
    return sides[relation]


def expression_values(source: str) -> list[Json]:
    """Return values to try for what a JSONata expression reads: its literals, and those beside them.

    Args:
        source: the expression; nothing is tried for text that is none.
    """
    from sfn_provider.asl.jsonata.syntax.parser import children

    found: list[Json] = []
    try:
        pending = [compile_jsonata(source, "").syntax_tree]
    except JsonataSyntaxError:
        return []
    while pending:
        node = pending.pop()
        if node.type in ("string", "number"):
            value = node.value
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            found += [value, *(_numbers_around(value) if is_number(value) else [f"{value}-other"])]
        elif node.type == "value" and isinstance(node.value, bool):
            found += [node.value, not node.value]
        pending += list(children(node))
    usual: list[Json] = [True, False, "sample", 1, 0, MISSING, None, [], [{}], [{}, {}], {}, ""]
    return unique([*found, *usual])
