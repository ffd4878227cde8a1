"""Translates a definition into a DAG file: plan, Python text, diagnostics and findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, get_args

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.document import Definition, Document, SourceMap, open_document
from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.placeholders import check_used, substitute
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.loader import (
    LoadedDefinition,
    StateMachineResource,
    infer_resources,
    load_definition,
    placeholder_warning,
)
from sfn_provider.translate.exact.passes import PASSES
from sfn_provider.translate.exact.state_tasks import plan_states
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.native.model import NativeOptions, TaskEntry
from sfn_provider.translate.native.versions import find_versions
from sfn_provider.translate.plan import naming
from sfn_provider.translate.plan.granularity import ONE_STATE, Granularity, TasksName
from sfn_provider.translate.plan.model import DagPlan
from sfn_provider.translate.plan.params import params_problem
from sfn_provider.translate.plan.schedule import Schedule, SchedulePeriod, parse_schedule
from sfn_provider.translate.plan.schedule_differences import find_differences
from sfn_provider.translate.plan.state_entries import StateEntry, state_entries
from sfn_provider.translate.serverless.limits import TARGET as SERVERLESS
from sfn_provider.translate.serverless.style import WayName, translate_serverless
from sfn_provider.translate.serverless.workflow import Workflow
from sfn_provider.translate.styles import STYLES, StyleName

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType
    from sfn_provider.translate.definitions.events import Events

TargetName = Literal["mwaa", "mwaa-serverless"]
"""Where a DAG is to run: in an Airflow, such as Amazon MWAA's, or as a workflow of MWAA Serverless."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The result of a translation.

    Args:
        source: the DAG file, Python text; for MWAA Serverless the workflow's YAML.
        diagnostics: warnings about the definition, and what stops it from running on MWAA Serverless.
        plan: the plan of the DAG.
        findings: the differences between the DAG and the state machine.
        states: every state with the task that runs it in the plan.
        tasks: what became of every state in the file: its task, the operator, how, and why.
        style: the style of the file: ``exact`` also where ``native`` was asked for and a state cannot be said so.
        workflow: for MWAA Serverless the workflow before it was written; None otherwise.
    """

    source: str
    diagnostics: tuple[Diagnostic, ...]
    plan: DagPlan
    findings: tuple[Finding, ...] = ()
    states: tuple[StateEntry, ...] = ()
    tasks: tuple[TaskEntry, ...] = ()
    style: StyleName = "exact"
    workflow: Workflow | None = None


class TranslationOptions(TypedDict, total=False):
    """What a translation takes by keyword beside the definition and the DAG's id.

    Args:
        schedule: EventBridge's ``cron(...)`` or ``rate(...)``, or Airflow's cron text; by default that of the
            definition's file.
        params: the input of runs that are started without one, such as scheduled runs; by default that of the schedule
            in the file.
        timezone: the time zone of the schedule, for example ``Europe/Berlin``; by default that of the schedule in the
            file, or UTC.
        style: ``exact``, by default: operators of this package that run the states; ``native``: operators of the amazon
            provider and TaskFlow, where every state can be said so.
        tasks: for the exact style alone, what one task runs: ``state``, by default, one state; ``segment``, the longest
            run of states that it can hold without losing what Airflow gives (docs/translation.md says which);
            ``machine``, all of them.
        map_batch: for the exact style alone, how many items of an inline Map one task runs side by side; None for one.
        airflow_version: the Airflow for which a native file is made, such as ``3.0.6``; by default the installed one.
        templates: Jinja in place of fields of the input in a native file, by name: ``{"run_date": "{{ ds }}"}``.
        target: where it is to run: ``mwaa``, by default, an Airflow; or ``mwaa-serverless``: then the source is YAML,
            and style and airflow_version have no effect.
        way: how it runs on MWAA Serverless: ``operators``, by those that are installed there alone; ``code``, by this
            package's, from a code package; ``auto``, by default, by operators where nothing is skipped.
        start_date: from when on scheduled runs are made on MWAA Serverless, ``2027-01-31``; by default a past date.
    """

    schedule: str | None
    params: Mapping[str, Any] | None
    timezone: str | None
    style: StyleName
    tasks: TasksName
    map_batch: int | None
    airflow_version: str | None
    templates: Mapping[str, str] | None
    target: TargetName
    way: WayName
    start_date: str | None


def translate(
    definition: Definition,
    *,
    dag_id: str,
    substitutions: Mapping[str, str] | None = None,
    origin: str | None = None,
    execution_type: ExecutionType = "STANDARD",
    **options: Unpack[TranslationOptions],
) -> Translation:
    """Translate a state machine into an Airflow DAG.

    Args:
        definition: the definition, as text (JSON or YAML), as an object, opened, or parsed.
        dag_id: the DAG's id.
        substitutions: values for ``${Name}`` in a text or an object, by name.
        origin: a label of the definition's source, for the docstring of the file.
        execution_type: ``STANDARD`` or ``EXPRESS``: the machine's type, which text and object do not have in them; a
            document has its own.
        options: ``schedule``, ``params``, ``timezone``, ``style``, ``tasks``, ``map_batch``, ``airflow_version``,
            ``templates``, ``target``, ``way`` and ``start_date``; `TranslationOptions` says what they mean.

    A ``${Name}`` without a value stays in the DAG; a warning and the findings name it.

    Raises:
        InvalidDefinition: Step Functions would refuse the definition.
        UsageError: the DAG id, the schedule, the params, the style, the granularity or the version is not valid, a
            substitution or a template is not used, or a ``${Name}`` without a value is outside of a string.
    """
    check_option_names(options)
    _check_dag_id(dag_id)
    loaded = _load(definition, dag_id, origin or "", substitutions or {}, execution_type)
    return translate_definition(loaded, dag_id=dag_id, **options)


def _load(
    definition: Definition, name: str, origin: str, substitutions: Mapping[str, str], execution_type: ExecutionType
) -> LoadedDefinition:
    if isinstance(definition, Document | StateMachine):
        check_used({*substitutions})
        document = infer_resources(open_document(definition, execution_type))
        return LoadedDefinition(document, name, name, origin)
    resource = StateMachineResource(
        name=name,
        source=substitute(definition, substitutions),
        source_map=SourceMap(first_line=1),
        execution_type=execution_type,
    )
    return load_definition(resource, origin=origin)


def translate_definition(
    definition: LoadedDefinition, *, dag_id: str | None = None, **options: Unpack[TranslationOptions]
) -> Translation:
    """Translate a definition that was loaded.

    Args:
        definition: the definition.
        dag_id: the DAG's id; by default made from the definition's name.
        options: those of `TranslationOptions`.

    Raises:
        InvalidDefinition: Step Functions would refuse the definition; lines are those of the file.
        UsageError: the DAG id, the schedule, its time zone, the params, the style, the granularity or the version is
            not valid.
    """
    granularity = _check_options(options)
    document, events = definition.document, definition.events
    native = NativeOptions(find_versions(options.get("airflow_version")), _expressions(options.get("templates") or {}))
    dag_id = dag_id or naming.dag_id(definition.name)
    _check_dag_id(dag_id)
    when = _schedule(definition, options.get("schedule"), options.get("timezone"))
    params = options.get("params")
    params = events.params if params is None else params
    plan = _make_plan(document.machine, dag_id, when, params, definition.origin, granularity)
    notes = (*document.notes, *document.diagnostics, *placeholder_warning(document))
    findings = tuple(_file_findings(events, options))
    if options.get("target") == SERVERLESS:
        return _as_workflow(plan, document, (findings, notes), options)
    dag = STYLES[options.get("style", "exact")](plan, document, native)
    return Translation(
        source=dag.source,
        diagnostics=notes,
        plan=plan,
        findings=(*findings, *(find_differences(when) if when else ()), *dag.findings),
        states=state_entries(plan),
        tasks=dag.tasks,
        style=dag.style,
    )


def check_option_names(options: TranslationOptions) -> None:
    """Check the names of options, before anything is read.

    Raises:
        TypeError: one is unknown.
    """
    if unknown := options.keys() - TranslationOptions.__annotations__.keys():
        raise TypeError(f"a translation has no option {', '.join(sorted(unknown))}")


def _check_options(options: TranslationOptions) -> Granularity:
    """Refuse options that there are not, and values that they do not take; return how much one task runs."""
    check_option_names(options)
    tasks, map_batch = options.get("tasks", "state"), options.get("map_batch")
    style, target = options.get("style", "exact"), options.get("target", "mwaa")
    granularity = Granularity(tasks, map_batch)
    if style not in STYLES:
        raise UsageError(f"there is no style {style!r}: choose one of {', '.join(STYLES)}")
    if target not in (names := get_args(TargetName)):
        raise UsageError(f"there is no target {target!r}: choose one of {', '.join(names)}")
    if style != "exact" and granularity != ONE_STATE:
        given = f"tasks {tasks!r}" if map_batch is None else f"a batch of {map_batch} items of a Map"
        raise UsageError(f"{given}: that is for DAGs of the style exact, not {style}: leave it, or the style, out")
    params = options.get("params")
    if params is not None and (problem := params_problem(params)):
        raise UsageError(f"the input of runs that are started without one {problem}")
    return granularity


def _as_workflow(
    plan: DagPlan,
    document: Document,
    known: tuple[tuple[Finding, ...], tuple[Diagnostic, ...]],
    options: TranslationOptions,
) -> Translation:
    """Return the translation into a workflow, with the findings and the diagnostics that are known already."""
    way, start_date = options.get("way", "auto"), options.get("start_date")
    made = translate_serverless(plan, document, way=way, start_date=start_date)
    findings, diagnostics = known
    return Translation(
        source=made.source,
        diagnostics=(*diagnostics, *made.diagnostics),
        plan=made.plan,
        findings=(*findings, *made.findings),
        states=made.states,
        tasks=made.tasks,
        style="native" if made.workflow.way == "operators" else "exact",
        workflow=made.workflow,
    )


def _expressions(templates: Mapping[str, str]) -> dict[str, str]:
    """Return the expressions of templates, each of which is one ``{{ expression }}``."""
    found = {}
    for name, template in templates.items():
        match = re.fullmatch(r"\{\{\s*([^{}\s][^{}]*?)\s*\}\}", template)
        if match is None:
            raise UsageError(f"the template of {name} is {template!r}: give one expression, such as '{{{{ ds }}}}'")
        found[name] = match[1]
    return found


def _schedule(definition: LoadedDefinition, schedule: str | None, timezone: str | None) -> Schedule | None:
    """Return the user's schedule, or that of the file; the user's time zone holds for both."""
    period = (None if schedule else definition.period) or SchedulePeriod()
    expression = schedule or definition.schedule
    if expression is None:
        if timezone is not None:
            raise UsageError(f"the time zone {timezone} has no schedule: give one with --schedule, or leave it out")
        return None
    return parse_schedule(expression, period if timezone is None else replace(period, timezone=timezone))


def _file_findings(events: Events, options: TranslationOptions) -> Iterator[Finding]:
    """Iterate over the differences that the file has, but those of its schedule that the user's values replace."""
    yield from events.findings
    if options.get("schedule") is None:
        values = {"SCHEDULE_INPUT": options.get("params"), "SCHEDULE_TIMEZONE": options.get("timezone")}
        yield from (finding for finding in events.schedule_findings if values.get(finding.code) is None)


def _make_plan(
    machine: StateMachine,
    dag_id: str,
    schedule: Schedule | None,
    params: Mapping[str, Any] | None,
    origin: str,
    granularity: Granularity,
) -> DagPlan:
    plan = DagPlan(
        dag_id=dag_id,
        machine=machine,
        tasks=(),
        schedule=schedule,
        params=None if params is None else dict(params),
        origin=origin or None,
    )
    return plan_tasks(plan, granularity)


def plan_tasks(plan: DagPlan, granularity: Granularity) -> DagPlan:
    """Return the plan of a DAG with tasks of another granularity, in place of those that it has.

    Args:
        plan: the plan.
        granularity: how much one task runs.
    """
    plan = replace(plan, tasks=plan_states(plan.machine), granularity=granularity)
    for change in PASSES[granularity.tasks]:
        plan = change(plan)
    return plan


def _check_dag_id(dag_id: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,250}", dag_id):
        raise UsageError(f"{dag_id!r} is no DAG id: use letters, digits, '_', '-' and '.', at most 250")
