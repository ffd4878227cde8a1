"""Selects the items that a Map runs over, and makes each iteration's input.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemspath.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemselector.html and recorded executions.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import Evaluator, compile_evaluator, path_reader
from sfn_provider.engine.dataflow.typed_fields import evaluate_integer, require_type
from sfn_provider.engine.map_run.item_reader.file_formats import Dataset
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.randomness import SeededRandomness
from sfn_provider.engine.step_context import StepContext
from sfn_provider.exceptions import QueryEvaluationError, StatesError

STATE_DATA = "STATE_DATA"
"""What ``$$.Map.Item.Source`` shows for items from the state's input."""


def map_scope(step: StepContext, frame: Frame, state: CompiledState) -> Scope:
    """Return what the Map's fields see: ``$`` is the input after InputPath."""
    return state.data_flow.select_input(step.scope(frame))


def max_concurrency(step: StepContext, state: CompiledState, scope: Scope) -> int:
    """Evaluate MaxConcurrency; 0 where it is absent or sets no limit."""
    return evaluate_integer(state.model, state.language, "MaxConcurrency", scope, step.entropy) or 0


def evaluate_items(step: StepContext, state: CompiledState, scope: Scope) -> Dataset:
    """Evaluate ItemsPath or Items. A distributed Map takes the members of an object too.

    Raises:
        StatesError: if the value holds no items, in AWS's words (recorded executions).
    """
    if state.language == "JSONata":
        return _evaluate_items_jsonata(step, state, scope)
    values: Json = path_reader(state.model.items_path)(scope)
    if not isinstance(values, list) and not (isinstance(values, dict) and state.model.distributed):
        cause = f'Reference path "{state.model.items_path}" must point to array.'
        raise StatesError("States.Runtime", cause)
    return values


def _evaluate_items_jsonata(step: StepContext, state: CompiledState, scope: Scope) -> Dataset:
    model = state.model
    items = model.items if "items" in model.model_fields_set else "{% $states.input %}"
    values: Json = compile_evaluator(items, "JSONata", "Items")(scope, step.entropy)
    # Observed on AWS: an object is refused where the Map is inline or has an ItemBatcher.
    if isinstance(values, dict) and model.distributed and model.item_batcher is None:
        return values
    if not isinstance(values, list) and "items" not in model.model_fields_set:
        cause = f"Map state input must be an array but was: {compact_json(values)}"  # reported from executions
        raise QueryEvaluationError(cause, "Items")
    if not isinstance(values, list):
        require_type(values, "array", items if isinstance(items, str) else compact_json(items), "Items")
    return list(values)


def _item_template(state: CompiledState) -> Evaluator | None:
    """Return the template for each iteration's input: ItemSelector, or Parameters under its old name."""
    model = state.model
    if "item_selector" in model.model_fields_set:
        return compile_evaluator(model.item_selector, state.language, "ItemSelector")
    if "parameters" in model.model_fields_set:
        return compile_evaluator(model.parameters, "JSONPath", "Parameters")
    return None


def select_items(
    step: StepContext,
    frame: Frame,
    state: CompiledState,
    dataset: Dataset,
    *,
    source: str = STATE_DATA,
    first: int = 0,
    skip: int = 0,
    max_items: int | None = None,
) -> list[Json]:
    """Make each iteration's input from its item.

    Args:
        step: the step under way.
        frame: the frame that is in the Map.
        state: the Map.
        dataset: the items. Without ItemSelector, a member of an object becomes ``{"Key": ..., "Value": ...}``.
        source: where they are from, for ``$$.Map.Item.Source``: ``STATE_DATA`` or a URI such as ``S3://bucket/key``.
        first: index of the first item that is not skipped.
        skip: how many to leave out at the beginning.
        max_items: how many of them to take; None for all.
    """
    selector, end = _item_template(state), None if max_items is None else skip + max_items
    if selector is None:
        return list(islice(_without_selector(dataset), skip, end))
    scope = map_scope(step, frame, state)
    # Of the item alone: its input is the same whichever task makes it, and however often.
    seed = (step.execution.seed, frame.place, frame.steps, sum(frame.retry_counts))
    return [
        selector(
            Scope(scope.input, {**scope.context, "Map": {"Item": item}}, scope.variables),
            SeededRandomness(*seed, item["Index"]),
        )
        for item in islice(_map_items(dataset, source, first - skip), skip, end)
    ]


def _without_selector(dataset: Dataset) -> Iterable[Json]:
    if isinstance(dataset, list):
        return dataset
    return ({"Key": key, "Value": value} for key, value in dataset.items())


def _map_items(dataset: Dataset, source: str, first: int) -> Iterable[dict[str, Json]]:
    """Return the items as ``$$.Map.Item`` shows them."""
    if isinstance(dataset, list):
        return ({"Index": index, "Value": value, "Source": source} for index, value in enumerate(dataset, first))
    return (
        {"Index": index, "Key": key, "Value": value, "Source": source}
        for index, (key, value) in enumerate(dataset.items(), first)
    )
