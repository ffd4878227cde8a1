"""Adds to the report of a translation what each granularity takes: tasks, seconds, dollars."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sfn_provider.compare.cost.granularities import GranularityEstimate, estimate_granularities, format_estimates
from sfn_provider.compare.cost.prices import Prices, load_prices
from sfn_provider.translate import Translation, report
from sfn_provider.translate.definitions.loader import LoadedDefinition
from sfn_provider.translate.plan.granularity import Granularity
from sfn_provider.translate.plan.model import DagPlan
from sfn_provider.translate.translator import translate_definition


def report_text(translation: Translation, definition: LoadedDefinition, region: str) -> str:
    """Return the report of a translation for people; that of an exact DAG with what each granularity takes."""
    text = report.as_text(translation)
    if translation.style != "exact":
        return text
    prices = load_prices(region)
    table = format_estimates(_estimates(translation, definition, prices), prices)
    return f"{text}\nWhat one task may run, and what that takes:\n{table}"


def report_object(translation: Translation, definition: LoadedDefinition, region: str) -> dict[str, Any]:
    """Return the report of a translation as a JSON object; ``granularities`` for an exact DAG alone."""
    found = report.as_object(translation)
    if translation.style != "exact":
        return found
    estimates = _estimates(translation, definition, load_prices(region))
    return found | {"granularities": [asdict(estimate) for estimate in estimates]}


def _estimates(
    translation: Translation, definition: LoadedDefinition, prices: Prices
) -> tuple[GranularityEstimate, ...]:
    def make_plan(granularity: Granularity) -> DagPlan:
        tasks, map_batch = granularity.tasks, granularity.map_batch
        return translate_definition(definition, dag_id=translation.plan.dag_id, tasks=tasks, map_batch=map_batch).plan

    return estimate_granularities(make_plan, translation.plan.granularity, prices)
