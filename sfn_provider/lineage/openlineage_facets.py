"""Makes OpenLineage's facets and datasets of an execution's history, for the openlineage provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attr
from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import Dataset
from openlineage.client.facet_v2 import JobFacet, RunFacet, external_query_run, sql_job

from sfn_provider.lineage.datasets import AwsLocation, DatasetName, find_datasets, unique
from sfn_provider.lineage.history_calls import HistoryCall, read_calls
from sfn_provider.links.console_pages import console_page

__all__ = ["EXECUTION_FACET", "OperatorLineage", "StepFunctionsExecutionRunFacet", "execution_lineage", "parse_tables"]

EXECUTION_FACET = "stepFunctions_execution"
"""The name of the run facet with machine, execution and jobs."""


@attr.define
class StepFunctionsExecutionRunFacet(RunFacet):
    """What has run on AWS for a task.

    Args:
        stateMachineArn: the state machine; None for a task of a translated DAG.
        executionArn: the execution; None for a task of a translated DAG.
        status: its status; None where it has not been waited for.
        jobs: what its calls have started: each with ``state``, ``service``, ``kind``, ``id`` and ``url``.
        complete: whether the whole history has been read.
    """

    stateMachineArn: str | None = None
    executionArn: str | None = None
    status: str | None = None
    jobs: list[dict[str, str]] = attr.field(factory=list)
    complete: bool = True


def execution_lineage(
    events: Iterable[Mapping[str, Any]],
    place: AwsLocation,
    *,
    state_machine_arn: str | None = None,
    execution_arn: str | None = None,
    status: str | None = None,
    is_complete: bool = True,
) -> OperatorLineage[Dataset, Any]:
    """Return the facets and datasets of what a task has run.

    Args:
        events: the history as GetExecutionHistory returns it, with data, oldest first.
        place: where it has run.
        state_machine_arn: the state machine.
        execution_arn: the execution.
        status: its status.
        is_complete: False where ``events`` are only the beginning of the history.
    """
    calls = list(read_calls(events))
    found = [entry for call in calls for entry in find_datasets(call, place, parse_tables)]
    made = [call for call in calls if isinstance(call, HistoryCall)]
    facet = StepFunctionsExecutionRunFacet(
        stateMachineArn=state_machine_arn,
        executionArn=execution_arn,
        status=status,
        jobs=[job for call in made if (job := _job(call, place)) is not None],
        complete=is_complete,
    )
    run_facets: dict[str, RunFacet] = {EXECUTION_FACET: facet}
    if execution_arn is not None:
        run_facets["externalQuery"] = external_query_run.ExternalQueryRunFacet(
            externalQueryId=execution_arn, source="stepfunctions"
        )
    return OperatorLineage(
        inputs=_datasets(name for direction, name in found if direction == "input"),
        outputs=_datasets(name for direction, name in found if direction == "output"),
        run_facets=run_facets,
        job_facets=_sql(made),
    )


def parse_tables(query: str) -> tuple[list[str], list[str]]:
    """Return the tables that a query reads and writes; none where it cannot be parsed, or there is no parser."""
    try:
        from openlineage.common.sql import parse

        parsed = parse([query], dialect="generic") if query else None
    except Exception:  # a parser's own; lineage without tables is better than none
        parsed = None
    if parsed is None:
        return [], []
    return [table.qualified_name for table in parsed.in_tables], [table.qualified_name for table in parsed.out_tables]


def _datasets(names: Iterable[DatasetName]) -> list[Dataset]:
    return [Dataset(namespace=name.namespace, name=name.name) for name in unique(names)]


def _job(call: HistoryCall, place: AwsLocation) -> dict[str, str] | None:
    region = call.region or place.region
    for result in call.results or [None]:
        page = console_page(call.resource, call.parameters, result, lambda: (place.partition, region))
        if page is not None:
            return {"state": call.state, "kind": page.kind, "id": page.id, "url": page.url}
    return None


def _sql(calls: Iterable[HistoryCall]) -> dict[str, JobFacet]:
    queries = [
        call.parameters["QueryString"]
        for call in calls
        if ":athena:startQueryExecution" in call.resource and isinstance(call.parameters, dict)
        if isinstance(call.parameters.get("QueryString"), str)
    ]
    return {"sql": sql_job.SQLJobFacet(query=";\n".join(queries))} if queries else {}
