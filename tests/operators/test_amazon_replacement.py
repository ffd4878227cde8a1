"""Ours replace the amazon provider's by a change of the import prefix."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

CLASSES = [
    ("hooks", "StepFunctionHook"),
    ("operators", "StepFunctionStartExecutionOperator"),
    ("operators", "StepFunctionGetExecutionOutputOperator"),
    ("sensors", "StepFunctionExecutionSensor"),
    ("triggers", "StepFunctionsExecutionCompleteTrigger"),
    ("links", "StateMachineDetailsLink"),
    ("links", "StateMachineExecutionsDetailsLink"),
]


@pytest.fixture(params=CLASSES, ids=[name for _, name in CLASSES])
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """The amazon provider's class, and ours of the same name."""
    kind, name = request.param
    prefixes = ("airflow.providers.amazon.aws", "sfn_provider")
    theirs, ours = (getattr(importlib.import_module(f"{prefix}.{kind}.step_function"), name) for prefix in prefixes)
    return theirs, ours


# Theirs, too, is refused by operators since amazon 9; it is there for .partial() alone.
GONE = {"region"}


def arguments_of(cls: type) -> set[str]:
    """The names of all arguments that a class takes, those of its bases included."""
    signatures = [inspect.signature(base.__init__) for base in cls.__mro__ if "__init__" in vars(base)]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name for signature in signatures for p in signature.parameters.values() if p.kind in named} - GONE


def test_it_takes_the_same_arguments(pair: tuple[Any, Any]) -> None:
    theirs, ours = pair
    internal = arguments_of(theirs.__mro__[1]) if theirs.__name__.endswith("Trigger") else set()
    assert arguments_of(theirs) - internal <= arguments_of(ours)


def test_it_has_the_same_public_attributes(pair: tuple[Any, Any]) -> None:
    theirs, ours = pair
    # Theirs makes its hook of it; ours must not import it while a DAG is parsed.
    public = {name for name in vars(theirs) if not name.startswith("_")} - {"aws_hook_class"}
    assert {name for name in public if not hasattr(ours, name)} == set()


def test_it_has_the_same_constants(pair: tuple[Any, Any]) -> None:
    theirs, ours = pair
    same = ("template_fields", "ui_color", "name", "key", "SUCCESS_STATES")
    constants = {name: vars(theirs)[name] for name in same if name in vars(theirs)}
    if "input" in constants.get("template_fields", ()):  # until 9.1 the amazon provider named it otherwise
        fields = (field.replace("input", "state_machine_input") for field in constants["template_fields"])
        constants["template_fields"] = tuple(sorted(fields))
    assert {name: getattr(ours, name) for name in constants} == constants


def test_the_methods_of_the_hook_take_the_same_arguments() -> None:
    from airflow.providers.amazon.aws.hooks.step_function import StepFunctionHook as Theirs

    from sfn_provider.hooks.step_function import StepFunctionHook as Ours

    for method in ("start_execution", "describe_execution"):
        theirs, ours = (list(inspect.signature(getattr(cls, method)).parameters) for cls in (Theirs, Ours))
        assert ours[: len(theirs)] == theirs


@pytest.mark.parametrize("pair", CLASSES[-2:], ids=["machine", "execution"], indirect=True)
def test_the_links_build_the_same_addresses(pair: tuple[Any, Any]) -> None:
    theirs, ours = pair
    arns = {"state_machine_arn": "arn:aws:states:x", "execution_arn": "arn:aws:states:y"}
    fields = {"region_name": "eu-west-1", "aws_domain": "aws.amazon.com", **arns}
    assert ours().format_link(**fields) == theirs().format_link(**fields)
