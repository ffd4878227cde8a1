"""Adds to the report of a translation what each granularity takes: tasks, seconds, dollars."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import Any

from sfn_provider.compare.cost.granularities import GranularityEstimate, estimate_granularities, format_estimates
from sfn_provider.compare.cost.prices import Prices, load_prices
from sfn_provider.compare.cost.workflow_usage import count_restarts
from sfn_provider.translate import Translation, report
from sfn_provider.translate.plan.granularity import ONE_STATE, Granularity
from sfn_provider.translate.plan.model import DagPlan
from sfn_provider.translate.serverless.code_package_tasks import plan_workflow
from sfn_provider.translate.translator import plan_tasks


def report_text(translation: Translation, region: str) -> str:
    """Return the report of a translation for people; that of an exact DAG with what each granularity takes."""
    text = report.as_text(translation)
    if translation.style != "exact":
        return text
    prices = load_prices(region)
    table = format_estimates(_estimates(translation, prices), prices)
    return f"{text}\nWhat one task may run, and what that takes:\n{table}"


def report_object(translation: Translation, region: str) -> dict[str, Any]:
    """Return the report of a translation as a JSON object; ``granularities`` for an exact DAG alone."""
    found = report.as_object(translation)
    if translation.style != "exact":
        return found
    estimates = _estimates(translation, load_prices(region))
    return found | {"granularities": [asdict(estimate) for estimate in estimates]}


def _estimates(translation: Translation, prices: Prices) -> tuple[GranularityEstimate, ...]:
    plan = translation.plan
    if translation.workflow is None:
        return estimate_granularities(partial(plan_tasks, plan), plan.granularity, prices)
    restarts = count_restarts(_plan_workflow(plan, ONE_STATE))
    make_plan = partial(_plan_workflow, plan)
    return estimate_granularities(make_plan, plan.granularity, prices, lambda made: len(made.tasks) + restarts)


def _plan_workflow(plan: DagPlan, granularity: Granularity) -> DagPlan:
    """Return the plan of a workflow with tasks of another granularity: it has neither groups nor mapped tasks."""
    return plan_workflow(replace(plan, granularity=granularity))
