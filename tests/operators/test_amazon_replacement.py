"""Ours replace the amazon provider's by a change of the import prefix, but for what docs/differences.md says."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import AirflowException
from tests.aws.scripted import ScriptedAws
from tests.fixtures.airflow.task_contexts import context_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
AMAZON = "apache-airflow-providers-amazon"
DOCUMENTED = re.findall(r"its version ([\d.]+\d)", PAGE)
PREFIXES = ("airflow.providers.amazon.aws", "sfn_provider")

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:Orders:one"


@dataclass(frozen=True)
class Pair:
    """A class of the amazon provider, and this package's of the same name."""

    kind: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def classes(self) -> tuple[Any, Any]:
        """Import both."""
        theirs, ours = (
            getattr(importlib.import_module(f"{prefix}.{self.kind}.step_function"), self.name) for prefix in PREFIXES
        )
        return theirs, ours


PAIRS = [
    Pair("hooks", "StepFunctionHook"),
    Pair("operators", "StepFunctionStartExecutionOperator", {"task_id": "task", "state_machine_arn": MACHINE}),
    Pair("operators", "StepFunctionGetExecutionOutputOperator", {"task_id": "task", "execution_arn": EXECUTION}),
    Pair("sensors", "StepFunctionExecutionSensor", {"task_id": "task", "execution_arn": EXECUTION}),
    Pair("triggers", "StepFunctionsExecutionCompleteTrigger", {"execution_arn": EXECUTION}),
    Pair("links", "StateMachineDetailsLink"),
    Pair("links", "StateMachineExecutionsDetailsLink"),
]
HOOK, START, GET_OUTPUT, SENSOR, TRIGGER, *LINKS = PAIRS

each_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
on_the_documented_version = pytest.mark.skipif(
    [version(AMAZON)] != DOCUMENTED, reason=f"docs/differences.md is about {AMAZON} {DOCUMENTED}"
)

NOT_COMPARED = {"log", "operator_extra_links"}
"""The links have a test of their own."""

INTERNAL = {
    *("serialized_fields", "waiter_name", "waiter_args", "failure_message", "status_message", "status_queries"),
    *("return_key", "return_value", "waiter_config_overrides"),
}
"""Arguments of the base of the amazon provider's trigger; of these, its trigger sets all but the last itself."""


def rows(heading: str) -> list[list[list[str]]]:
    """The table below a heading of the page, without its head: each cell's texts in backticks."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [[re.findall(r"`([^`]+)`", cell) for cell in line] for line in lines]


def documented(heading: str, name: str) -> set[str]:
    """What the second column of such a table says about a class."""
    return {text for [[found], texts] in rows(heading) if found == name for text in texts}


def arguments_of(cls: type) -> dict[str, Any]:
    """Names and defaults of all arguments that a class takes, those of its bases included."""
    signatures = [inspect.signature(base.__init__) for base in reversed(cls.__mro__) if "__init__" in vars(base)]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = [p for signature in signatures for p in signature.parameters.values() if p.kind in named]
    return {p.name: p.default for p in parameters if p.name != "self"}


def public_names(instance: Any) -> set[str]:
    return {name for name in dir(instance) if not name.startswith("_")}


def values_of(instance: Any) -> dict[str, Any]:
    """The public attributes of an object and of its class, but for methods, properties and ``NOT_COMPARED``."""
    names = public_names(instance) - NOT_COMPARED
    values = {name: inspect.getattr_static(instance, name) for name in names}
    return {name: value for name, value in values.items() if not hasattr(type(value), "__get__")}


def equal(one: Any, other: Any) -> bool:
    """Compare values by their text, as far as they have one of their own; lists of statuses as sets."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(one) == set(other)
    return repr(one) == repr(other)


def test_the_page_is_about_the_version_in_the_constraints() -> None:
    assert [f"{AMAZON}=={number}" for number in DOCUMENTED] == [
        line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith(f"{AMAZON}==")
    ]


@each_pair
def test_it_takes_the_same_arguments(pair: Pair) -> None:
    theirs, ours = map(arguments_of, pair.classes())
    missing = set(theirs) - set(ours) - (INTERNAL if pair is TRIGGER else set())
    assert missing <= documented("Not here", pair.name)


@each_pair
def test_it_has_the_same_public_attributes(pair: Pair) -> None:
    theirs, ours = pair.classes()
    missing = {name for name in vars(theirs) if not name.startswith("_") and not hasattr(ours, name)}
    assert missing <= documented("Not here", pair.name)


@on_the_documented_version
@each_pair
def test_further_arguments_are_documented(pair: Pair) -> None:
    theirs, ours = map(arguments_of, pair.classes())
    assert set(ours) - set(theirs) == documented("Further arguments", pair.name)


@on_the_documented_version
@each_pair
def test_what_it_has_not_is_documented(pair: Pair) -> None:
    theirs, ours = pair.classes()
    arguments = set(arguments_of(theirs)) - set(arguments_of(ours))
    attributes = public_names(theirs(**pair.arguments)) - public_names(ours(**pair.arguments))
    bases = {
        base.__name__
        for base in theirs.__mro__[1:]
        if base.__module__.startswith(PREFIXES[0]) and base not in ours.__mro__
    }
    assert arguments | attributes | bases == documented("Not here", pair.name)


@on_the_documented_version
@each_pair
def test_other_values_are_documented(pair: Pair) -> None:
    found: dict[str, tuple[str, str]] = {}
    instances = [cls(**pair.arguments) for cls in pair.classes()]
    for one, other in (map(values_of, instances), (arguments_of(type(instance)) for instance in instances)):
        shared = one.keys() & other.keys()
        found |= {name: (repr(one[name]), repr(other[name])) for name in shared if not equal(one[name], other[name])}
    told = {name: (one, other) for [[cls], [name], [one], [other]] in rows("Other values") if cls == pair.name}
    assert found == told


@each_pair
def test_it_has_the_same_constants(pair: Pair) -> None:
    theirs, ours = pair.classes()
    same = ("template_fields", "ui_color", "name", "key", "SUCCESS_STATES")
    constants = {name: vars(theirs)[name] for name in same if name in vars(theirs)}
    if "input" in constants.get("template_fields", ()):  # until 9.1 the amazon provider named it otherwise
        fields = (field.replace("input", "state_machine_input") for field in constants["template_fields"])
        constants["template_fields"] = tuple(sorted(fields))
    assert {name: getattr(ours, name) for name in constants} == constants


@pytest.mark.parametrize("pair", [START, GET_OUTPUT, SENSOR], ids=lambda pair: pair.name)
def test_it_has_the_same_links(pair: Pair) -> None:
    theirs, ours = ({(link.name, link.key) for link in cls.operator_extra_links} for cls in pair.classes())
    assert theirs <= ours


@each_pair
def test_its_methods_take_the_same_arguments(pair: Pair) -> None:
    theirs, ours = pair.classes()
    for name, method in vars(theirs).items():
        if name.startswith("_") or not inspect.isfunction(method) or name == "format_link":  # its fields are free here
            continue
        expected = [(p.name, p.default) for p in inspect.signature(method).parameters.values()]
        found = [(p.name, p.default) for p in inspect.signature(getattr(ours, name)).parameters.values()]
        assert found[: len(expected)] == expected, name


@pytest.mark.parametrize("pair", LINKS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("arn", ["arn:aws:states:x", "one:two three", "", None])
def test_the_links_build_the_same_addresses(pair: Pair, arn: str | None) -> None:
    theirs, ours = pair.classes()
    arns = {"state_machine_arn": arn, "execution_arn": arn}
    fields = {"region_name": "eu-west-1", "aws_domain": "aws.amazon.com", **arns}
    assert ours().format_link(**fields) == theirs().format_link(**fields)


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-unknown"])
def test_the_links_have_the_same_domains(partition: str) -> None:
    theirs, ours = LINKS[0].classes()
    assert ours.get_aws_domain(partition) == theirs.get_aws_domain(partition)


@on_the_documented_version
@pytest.mark.parametrize(
    "arguments",
    [
        {"waiter_max_attempts": 30},
        {"waiter_delay": 5, "waiter_max_attempts": 2, "aws_conn_id": "other"},
        {"region_name": "eu-west-1", "verify": False, "botocore_config": {"read_timeout": 1}, "waiter_max_attempts": 1},
    ],
    ids=["defaults", "polls", "connection"],
)
def test_the_trigger_is_serialized_in_the_same_way(arguments: dict[str, Any]) -> None:
    theirs, ours = (cls(**TRIGGER.arguments, **arguments).serialize() for cls in TRIGGER.classes())
    assert ours == (theirs[0].replace(*PREFIXES), theirs[1])


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"status": "success", "execution_arn": EXECUTION}, None),
        (
            {"status": "error", "message": "Waiter error: max attempts reached", "execution_arn": EXECUTION},
            "max attempts",
        ),
    ],
    ids=["success", "error"],
)
def test_a_task_deferred_by_the_amazon_provider_resumes(
    scripted_aws: ScriptedAws, event: dict[str, Any], error: str | None
) -> None:
    succeeded = {"executionArn": EXECUTION, "status": "SUCCEEDED", "startDate": 1.0, "stopDate": 2.0, "output": "[1]"}
    scripted_aws.script("DescribeExecution", succeeded)
    operator = START.classes()[1](**START.arguments)
    context = context_of(operator)
    if error:
        with pytest.raises(AirflowException, match=error):
            operator.execute_complete(context, event)
    else:
        assert operator.execute_complete(context, event) == EXECUTION
        assert context["ti"].xcoms["output"] == [1]
