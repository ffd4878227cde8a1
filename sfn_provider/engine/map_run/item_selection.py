"""Which items a Map runs over, and what each iteration gets of them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemspath.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemselector.html and recorded executions.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.flow import Evaluator, JsonPathFlow, path_reader, rescope, template
from sfn_provider.engine.dataflow.typed_fields import expect, whole_number
from sfn_provider.engine.map_run.file_formats import Dataset
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.execution_state import Frame
    from sfn_provider.engine.step import Run

STATE_DATA = "STATE_DATA"
"""What ``$$.Map.Item.Source`` shows for items from the state's input."""


def effective_scope(run: Run, frame: Frame, state: Compiled) -> Scope:
    """What the Map's fields see: ``$`` is the input after InputPath."""
    scope = run.scope(frame)
    return rescope(scope, state.flow.select_input(scope)) if isinstance(state.flow, JsonPathFlow) else scope


def max_concurrency(run: Run, state: Compiled, scope: Scope) -> int:
    """Evaluate MaxConcurrency; 0 where it is not given or sets no limit."""
    return whole_number(state.model, state.language, "MaxConcurrency", scope, run.entropy) or 0


def read_items(run: Run, state: Compiled, scope: Scope) -> Dataset:
    """Evaluate ItemsPath or Items. A distributed Map takes the members of an object too.

    Raises:
        StatesError: where the value holds no items, in AWS's words (recorded executions).
    """
    if state.language == "JSONata":
        return _read_items_jsonata(run, state, scope)
    values: Json = path_reader(state.model.items_path)(scope)
    if not isinstance(values, list) and not (isinstance(values, dict) and state.model.distributed):
        cause = f'Reference path "{state.model.items_path}" must point to array.'
        raise StatesError("States.Runtime", cause)
    return values


def _read_items_jsonata(run: Run, state: Compiled, scope: Scope) -> Dataset:
    model = state.model
    items = model.items if "items" in model.model_fields_set else "{% $states.input %}"
    values: Json = template(items, "JSONata", "Items")(scope, run.entropy)
    # Observed on AWS: an object is refused where the Map is inline or has an ItemBatcher.
    if isinstance(values, dict) and model.distributed and model.item_batcher is None:
        return values
    if isinstance(items, str):
        expect(values, "array", items, "Items")
    return list(values)


def item_template(state: Compiled) -> Evaluator | None:
    """The template for each iteration's input: ItemSelector, or Parameters under its old name."""
    model = state.model
    if "item_selector" in model.model_fields_set:
        return template(model.item_selector, state.language, "ItemSelector")
    if "parameters" in model.model_fields_set:
        return template(model.parameters, "JSONPath", "Parameters")
    return None


def select_items(
    run: Run,
    state: Compiled,
    scope: Scope,
    dataset: Dataset,
    *,
    source: str = STATE_DATA,
    first: int = 0,
    most: int | None = None,
) -> list[Json]:
    """Make each iteration's input from its item.

    Args:
        run: where randomness comes from.
        state: the Map.
        scope: what its fields see.
        dataset: the items. Without ItemSelector, a member of an object becomes ``{"Key": ..., "Value": ...}``.
        source: where they are from, for ``$$.Map.Item.Source``: ``STATE_DATA`` or a URI such as ``S3://bucket/key``.
        first: index of the first of them.
        most: how many of them to take; None for all.
    """
    selector = item_template(state)
    if selector is None:
        return list(islice(_plain(dataset), most))
    entropy = run.entropy
    return [
        selector(Scope(scope.input, {**scope.context, "Map": {"Item": item}}, scope.variables), entropy)
        for item in islice(_described(dataset, source, first), most)
    ]


def _plain(dataset: Dataset) -> Iterable[Json]:
    if isinstance(dataset, list):
        return dataset
    return ({"Key": key, "Value": value} for key, value in dataset.items())


def _described(dataset: Dataset, source: str, first: int) -> Iterable[dict[str, Json]]:
    """The items as ``$$.Map.Item`` shows them."""
    if isinstance(dataset, list):
        return ({"Index": index, "Value": value, "Source": source} for index, value in enumerate(dataset, first))
    return (
        {"Index": index, "Key": key, "Value": value, "Source": source}
        for index, (key, value) in enumerate(dataset.items(), first)
    )
