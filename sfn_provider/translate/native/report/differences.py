"""Finds what a native DAG does differently than the state machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.model import Branch, Choice, ChoiceRule, Map, Parallel, Pass, StateMachine, Task, Wait
from sfn_provider.asl.placeholders import fill_partition
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.translate.exact.limitations import machine_findings, state_findings
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import reads_of
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.report.call_differences import Difference, call_differences
from sfn_provider.translate.native.report.start_times import start_time_differences
from sfn_provider.translate.native.report.task_entries import exact_part_of
from sfn_provider.translate.native.states.retries_and_timeouts import effective_retrier

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document
    from sfn_provider.translate.plan.model import DagPlan

_ALL_ERRORS = frozenset({"States.ALL", "States.TaskFailed"})


def find_native_differences(
    native: NativePlan, plan: DagPlan, document: Document, reasons: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Find the differences between a native DAG and the state machine, in the order of the definition.

    Args:
        native: the DAG.
        plan: its id, schedule and params.
        document: the definition.
        reasons: why states stay exact, by their names.
    """
    found = [*machine_findings(plan, document), *_output(native), *_frozen_input(plan)]
    for location, names, state in walk_states(document.machine):
        if names[-1] in reasons:
            advice = "StatesOperator of this package runs it."
            found.append(_stays_exact(reasons[names[-1]], advice, names[-1], location))
        if exact_part_of(native, names) is not None:
            found += state_findings(state, names[-1], location)
            continue
        for rule in _RULES:
            for code, why, advice in rule(names[-1], state, native):
                found.append(Finding(code, "differs", why, advice, names[-1], location))
        found += state_findings(state, names[-1], location, only=("CONTEXT_OBJECT", "DISTRIBUTED_MAP"))
    return tuple(found)


def _output(native: NativePlan) -> Iterator[Finding]:
    yield Finding(
        "NO_OUTPUT",
        "looks",
        "A DAG run has no output: each task's result is in its XCom.",
        "Let the last task write what others wait for.",
    )


def _frozen_input(plan: DagPlan) -> Iterator[Finding]:
    if plan.schedule is not None and plan.params:
        yield Finding(
            "FROZEN_INPUT",
            "looks",
            f"Each scheduled run has the same {', '.join(plan.params)}.",
            "Give what should follow the run's date as a template: --param run_date='{{ ds }}'.",
        )


def _retries(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    retriers = state.retry if isinstance(state, Task) else ()
    used = effective_retrier(retriers)
    if used is None:
        return
    if not _ALL_ERRORS & set(used.error_equals):
        yield (
            "RETRY_BY_NAME",
            f"Airflow tries again after every error, Step Functions after {', '.join(used.error_equals)} alone.",
            "Raise AirflowFailException where a repetition does harm.",
        )
    if len(retriers) > 1:
        yield (
            "RETRIERS",
            f"Step Functions counts the attempts of {len(retriers)} retriers apart; here one of them counts for all "
            "errors.",
            "Check the task's retries.",
        )
    if name in native.item_states:
        if used.jitter_strategy == "FULL":
            yield "RETRY_DELAY", "The delays between attempts have no jitter.", "Add it where many items try again."
    elif used.backoff_rate != 1 or used.jitter_strategy == "FULL":
        yield (
            "RETRY_DELAY",
            "Airflow varies the delays between attempts by the task's name; before 3.2 they double.",
            "Set retry_delay where the time between attempts matters.",
        )


def _time_limit(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    limits = ("timeout_seconds", "timeout_seconds_path", "heartbeat_seconds", "heartbeat_seconds_path")
    if name in native.item_states:
        if any(getattr(state, limit, None) is not None for limit in limits):
            yield (
                "ITEM_TIMEOUT",
                "The time limit of one call among those of an item is that of boto3: a minute without an answer.",
                "Set execution_timeout for the task of the item, or the read timeout of the connection.",
            )
    elif isinstance(state, Task) and (state.timeout_seconds is not None or state.heartbeat_seconds is not None):
        yield (
            "TASK_TIMEOUT",
            "The time limit counts the whole task: starting it, making a client, the call.",
            "Allow some seconds more.",
        )


def _catches(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if not getattr(state, "catch", ()) or name in native.routes.folded:
        return
    if isinstance(state, Task) and native.flows[name].language == "JSONPath" and _reads_paths(native.flows[name]):
        yield (
            "CATCH_RUNTIME",
            "A path that finds nothing fails the task, and its handler follows; in Step Functions nothing catches "
            "States.Runtime.",
            "Nothing, where the paths are always there.",
        )
    if name in native.item_states:
        return
    yield (
        "CATCH_RUN_STATE",
        "The run is failed where a last task is; a failed task with none behind it but the handler's is such. "
        "In Step Functions an execution whose error is caught may succeed.",
        "Watch for failed tasks, not runs; or let the ways meet in a last task.",
    )


def _reads_paths(flow: StateFlow) -> bool:
    return any(keys for _, keys in reads_of(flow.effective))


def _error_contents(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if name in native.with_error or (name in native.item_states and getattr(state, "catch", None)):
        yield (
            "ERROR_CONTENTS",
            "The error that the handler reads has a service's code as its name, without the service in front, and "
            "Python's text as its cause.",
            "Check the texts that contain it.",
        )


def _comparisons(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if not isinstance(state, Choice) or name in native.routes.folded:
        return
    if any(COMPARISONS[str(rule.comparison)].kind in ("numeric", "timestamp", "match") for rule in _compared(state)):
        yield (
            "COMPARISON_TYPES",
            "A value of another type than that of the comparison fails the task; in Step Functions it does not match.",
            "Make sure that the values have the type.",
        )


def _compared(state: Choice) -> Iterator[ChoiceRule]:
    pending = list(state.choices)
    while pending:
        rule = pending.pop()
        pending += [*(rule.and_ or ()), *(rule.or_ or ()), *((rule.not_,) if rule.not_ else ())]
        if rule.comparison is not None:
            yield rule


def _placeholder(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    resource = state.resource if isinstance(state, Task) and name in native.forms else ""
    if resource and parse_resource(fill_partition(resource)).kind == "unknown":
        yield (
            "PLACEHOLDER_FUNCTION",
            f"{resource} has no value; it is taken for the ARN of a Lambda function.",
            "Give its value: --substitutions NAME=VALUE.",
        )


def _failing(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if name in native.failing:
        yield (
            "ALWAYS_FAILS",
            f"The state fails in Step Functions whenever it is reached: {native.failing[name]}. So does the task.",
            "Correct the definition, or write what the task should do.",
        )


def _polling(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if name in native.polls and native.polls[name].again is not None:
        yield (
            "BLOCKING_LOOP",
            "The task takes a worker's place for as long as the loop goes on; one that is lost starts it again.",
            "Let the function answer a status alone, and ask for that in a sensor.",
        )
    elif name in native.polls and name not in native.item_states:
        yield (
            "POLLING",
            f"The sensor asks every {native.polls[name].seconds} seconds, as the scheduler gets to it, for a year. "
            "Step Functions counts the attempts of Retry anew in each round.",
            "Set mode and timeout as the job needs them.",
        )


def _maps(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if not isinstance(state, Map) or native.maps.get(name) == "list":
        return
    own = " The error is that of the item, not States.ExceedToleratedFailureThreshold." if state.distributed else ""
    yield (
        "MAP_FAILURE",
        f"Where an item fails, the others go on; Step Functions stops them.{own}",
        "Nothing, where the items do not depend on one another.",
    )


def _parallels(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if not isinstance(state, Parallel) or name in native.routes.folded or name in native.item_states:
        return
    if sum(_calls(branch) for branch in state.branches) > 1:
        yield (
            "PARALLEL_FAILURE",
            "Where a branch fails, the others go on to their ends; Step Functions stops them.",
            "Nothing, where the branches do no harm without each other.",
        )


def _calls(branch: Branch) -> bool:
    return any(isinstance(inner, Task) for _, _, inner in walk_states(branch))


def _item_states(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if name not in native.item_states:
        return
    if isinstance(state, Map | Parallel):
        yield (
            "ITEM_IN_ORDER",
            f"The task of an item of {native.item_states[name]} does this one after the other, Step Functions "
            "side by side.",
            "Move it into a Map of its own where that takes too long.",
        )
    if isinstance(state, Wait) or name in native.polls:
        yield (
            "ITEM_WAIT",
            "The task of the item takes a worker's place while it waits.",
            "Wait in a task of its own where that takes long.",
        )


def _loops(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if native.loops.get(name) == name:
        yield (
            "LOOP_IN_ONE_TASK",
            "The loop is one task, which takes a worker's place for as long as it goes on; where it fails, or its "
            "worker is lost, it begins anew.",
            "Set retries as the calls in it allow; have it wait in a sensor where it waits for long.",
        )


def _folded(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if name in native.routes.folded and isinstance(state, Pass) and "parameters" in state.model_fields_set:
        yield (
            "FOLDED",
            "The state is no task: a path of it that finds nothing fails the task that reads the value, if any does.",
            "Nothing, where the paths are always there.",
        )


_RULES: tuple[Callable[[str, object, NativePlan], Iterator[Difference]], ...] = (
    *(
        _retries,
        _time_limit,
        _catches,
        _error_contents,
        _comparisons,
        _placeholder,
        call_differences,
        _failing,
        _polling,
        _maps,
        _parallels,
        _item_states,
        _loops,
        _folded,
        start_time_differences,
    ),
)


def exact_findings(reasons: dict[str, str], machine: StateMachine) -> tuple[Finding, ...]:
    """Return a finding for each state for whose sake a DAG is of the exact style.

    Args:
        reasons: the reason by the name of the state.
        machine: the machine.
    """
    return tuple(
        _stays_exact(reasons[names[-1]], "Use the DAG as it is.", names[-1], location)
        for location, names, _ in walk_states(machine)
        if names[-1] in reasons
    )


def _stays_exact(why: str, advice: str, state: str, location: str) -> Finding:
    return Finding("STAYS_EXACT", "looks", f"{why}.", advice, state, location)
