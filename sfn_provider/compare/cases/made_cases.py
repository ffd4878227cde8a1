"""Makes a machine's mock configuration file: test cases with inputs that reach everything in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.document import Definition, open_machine
from sfn_provider.asl.model import ExecutionType
from sfn_provider.asl.scope import Json
from sfn_provider.compare.cases.case_names import camel_case, name_cases
from sfn_provider.compare.cases.data.case_data import Entry, shorten_answers
from sfn_provider.compare.cases.data.task_results import has_service_models
from sfn_provider.compare.cases.goals import Goal, GoalKind
from sfn_provider.compare.cases.search import FoundCase, Search
from sfn_provider.compare.machine_analysis.coverage import Coverage
from sfn_provider.compare.machine_analysis.machine_parts import PART_KINDS, Part, PartKind
from sfn_provider.engine.simulation.mock_files import mocks_of_configuration, shorten_names
from sfn_provider.engine.simulation.mocks import Mocks

MACHINE_NAME = "StateMachine"


@dataclass(frozen=True, slots=True)
class MadeCases:
    """The cases of a machine.

    Args:
        configuration: the mock configuration file.
        coverage: what the cases reach.
        not_reached: what no case reaches, in words, with the reason.
        notes: what else there is to know, a sentence each.
    """

    configuration: dict[str, Any]
    coverage: Coverage
    not_reached: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the cases."""
        machine = next(iter(self.configuration["StateMachines"].values()))
        return list(machine["TestCases"])


def make_cases(
    definition: Definition,
    *,
    machine_name: str = MACHINE_NAME,
    execution_type: ExecutionType = "STANDARD",
) -> dict[str, Any]:
    """Make test cases that reach every state, choice rule, catcher and retrier of a machine.

    They also have each retry help and fail, each Map with no, one and several items, and each loop left at once and
    after two turns. Inputs and results are made so that every path finds what it reads; results have the shape of the
    called service's API where botocore is installed. The same definition always makes the same cases.

    Args:
        definition: the definition as text, as an object, opened, or parsed.
        machine_name: the machine's name in ``StateMachines``.
        execution_type: ``STANDARD`` or ``EXPRESS``.

    Returns:
        A mock configuration file of Step Functions Local as a JSON object: ``StateMachines`` and ``MockedResponses``,
        see https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html; with ``Inputs`` by
        ``Machine/Case``; with ``Objects`` where an ItemReader reads; with ``NotReached``, where something is not: what,
        and why.

    Raises:
        InvalidDefinition: if Step Functions would refuse the definition.
    """
    return find_cases(open_machine(definition, execution_type), machine_name).configuration


def find_cases(definition: Definition, machine_name: str = MACHINE_NAME) -> MadeCases:
    """Make test cases, and say what they reach; see `make_cases`."""
    search = Search(open_machine(definition))
    search.run()
    names = name_cases(search.parts, search.cases)
    missed = {describe_goal(search, goal): search.why_missed(goal) for goal in _outermost(search, search.missed)}
    reached = {Part(kind, goal.at, goal.index) for goal in search.reached if (kind := part_kind(goal)) is not None}
    notes = () if has_service_models() else ("botocore is not installed: results have only what the machine reads",)
    configuration = _configuration(machine_name, dict(zip(names, search.cases, strict=True)))
    if missed:
        configuration["NotReached"] = missed
    return MadeCases(configuration, Coverage(search.parts, frozenset(reached)), missed, notes)


def made_mocks(made: MadeCases) -> dict[str, Mocks]:
    """Return the mocks of made cases by the case's name, each with its input."""
    return shorten_names(mocks_of_configuration(made.configuration, "the made cases"))


def mocks_for_input(definition: Definition, input: Json) -> Mocks:
    """Return mocks for an execution with a certain input: tasks succeed, with what later states read.

    Args:
        definition: the definition.
        input: the input; nothing is added to it.
    """
    return Search(open_machine(definition)).answer(input).mocks()


def part_kind(goal: Goal) -> PartKind | None:
    """Return the kind of part that a goal belongs to; None for goals that are about data."""
    kinds: dict[GoalKind, PartKind] = {kind: kind for kind in PART_KINDS}
    return (kinds | {"exhausted": "retrier"}).get(goal.kind)


def _outermost(search: Search, missed: Iterable[Goal]) -> list[Goal]:
    """Leave out what belongs to a state that is not reached itself."""
    goals = list(missed)
    states = {goal.at for goal in goals if goal.kind == "state"}
    return [goal for goal in goals if goal.kind == "state" or goal.at not in states]


def describe_goal(search: Search, goal: Goal) -> str:
    """Return a goal in words: ``rule 2 of Choice 'X'``."""
    parts, name = search.parts, search.parts.states[goal.at].name
    if goal.kind in ("state", "rule", "catcher"):
        return parts.describe(Part(goal.kind, goal.at, goal.index))
    if goal.kind in ("retrier", "exhausted"):
        how = "that helps" if goal.kind == "retrier" else "that does not help"
        return f"a retry {how} of {parts.describe(Part('retrier', goal.at, goal.index))}"
    if goal.kind == "items":
        return f"Map {name!r} with {('no items', 'one item', 'several items')[goal.index or 0]}"
    return f"the loop of state {name!r} left " + ("after two turns" if goal.index else "at once")


def _configuration(machine: str, cases: dict[str, FoundCase]) -> dict[str, Any]:
    responses: dict[str, dict[str, Json]] = {}
    tests: dict[str, dict[str, str]] = {}
    for name, case in cases.items():
        tests[name] = {}
        for state, entries in shorten_answers(case.data.answers).items():
            tests[name][state] = _response_name(responses, state, _by_call(entries))
    made: dict[str, Any] = {
        "StateMachines": {machine: {"TestCases": tests}},
        "MockedResponses": responses,
        "Inputs": {f"{machine}/{name}": case.data.input for name, case in cases.items()},
    }
    objects = _objects(machine, cases)
    return made | ({"Objects": objects} if objects else {})


def _by_call(entries: list[Entry]) -> dict[str, Json]:
    """Return entries by their calls: ``0``, or ``1-3`` where several are the same."""
    made: dict[str, Json] = {}
    first = 0
    for call, entry in enumerate(entries):
        if call + 1 == len(entries) or entries[call + 1] != entry:
            made[str(first) if first == call else f"{first}-{call}"] = entry
            first = call + 1
    return made


def _response_name(responses: dict[str, dict[str, Json]], state: str, response: dict[str, Json]) -> str:
    """Return the name of a response, which is added unless it is there already."""
    throws = [entry["Throw"]["Error"] for entry in response.values() if "Throw" in entry]
    ends_well = "Return" in list(response.values())[-1]
    outcome = "Succeeds" if not throws else "Recovers" if ends_well else f"Throws{camel_case(throws[-1])}"
    base = f"{camel_case(state)}{outcome}"
    number, name = 1, base
    while name in responses and responses[name] != response:
        number += 1
        name = f"{base}{number}"
    responses[name] = response
    return name


def _objects(machine: str, cases: dict[str, FoundCase]) -> dict[str, Json]:
    """Return the objects of all cases, and by ``Machine/Case`` those that not all have: a bucket may be empty."""
    objects = [case.data.objects for case in cases.values()]
    shared = dict(set.intersection(*(set(each.items()) for each in objects))) if objects else {}
    own: dict[str, Json] = {
        f"{machine}/{name}": rest
        for name, case in cases.items()
        if (rest := {uri: text for uri, text in case.data.objects.items() if uri not in shared})
    }
    return {**dict(sorted(shared.items())), **own}
