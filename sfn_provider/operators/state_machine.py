"""Operators of translated DAGs, one for each state type: one task runs one state of a state machine.

Each operator takes its state's fields under their Amazon States Language names in snake case. Data flow, choice, retry
and catch are the engine's (`sfn_provider.engine`); what happens around it is in
`sfn_provider.runtime.routing.task_routing` (which task runs next, with what) and
`sfn_provider.runtime.state_task_runner` (calls, waits, deferrals).

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from typing import Any

from sfn_provider.runtime.appearance import COLORS
from sfn_provider.runtime.state_operator import CALL_FIELDS, Json, StateOperator

_DATA_FLOW_FIELDS = (
    "input_path",
    "output_path",
    "result_selector",
    "result_path",
    "output",
    "assign",
    "retry",
    "catch",
)


class TaskStateOperator(StateOperator):
    """Calls an AWS service or a Lambda function and waits for its answer.

    Args:
        resource: ARN of what is called, for example ``arn:aws:states:::glue:startJobRun.sync``.
        parameters: JSONPath: what it is called with. A key that ends in ``.$`` takes its value from the input.
        arguments: JSONata: what it is called with. Text in ``{% %}`` is an expression.
        input_path: JSONPath: the part of the input that the state sees.
        output_path: JSONPath: the part of the output that goes on.
        result_selector: JSONPath: makes the result from the answer.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output: JSONata: the output.
        assign: variables to set.
        retry: which errors are retried, and when: a list of retriers as in the definition.
        catch: which errors lead to which state: a list of catchers as in the definition.
        timeout_seconds: seconds until States.Timeout.
        timeout_seconds_path: JSONPath: where in the input they are.
        heartbeat_seconds: the longest time between two heartbeats, in seconds.
        heartbeat_seconds_path: JSONPath: where in the input they are.
        credentials: the role to call with: ``{"RoleArn": "..."}``.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Task"
    template_fields = CALL_FIELDS
    ui_color, ui_fgcolor = COLORS["Task"]
    fields = (
        "resource",
        "parameters",
        "arguments",
        *_DATA_FLOW_FIELDS,
        "timeout_seconds",
        "timeout_seconds_path",
        "heartbeat_seconds",
        "heartbeat_seconds_path",
        "credentials",
    )


class PassStateOperator(StateOperator):
    """Passes on its input, a fixed result, or a result made from the input. Calls nothing.

    Args:
        result: JSONPath: a fixed result.
        parameters: JSONPath: a result made from the input.
        input_path: JSONPath: the part of the input that the state sees.
        output_path: JSONPath: the part of the output that goes on.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output: JSONata: the output.
        assign: variables to set.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Pass"
    ui_color, ui_fgcolor = COLORS["Pass"]
    fields = ("result", "parameters", "input_path", "output_path", "result_path", "output", "assign")


class ChoiceStateOperator(StateOperator):
    """Chooses the next state by the first rule that matches, or the default.

    Args:
        choices: the rules as in the definition, each with its next state in ``Next``.
        default: name of the next state where no rule matches.
        input_path: JSONPath: the part of the input that the rules see.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output where the default is taken.
        assign: variables to set where the default is taken.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Choice"
    ui_color, ui_fgcolor = COLORS["Choice"]
    fields = ("choices", "default", "input_path", "output_path", "output", "assign")


class WaitStateOperator(StateOperator):
    """Waits for a duration or until a time, without occupying a worker slot.

    Args:
        seconds: how long, in seconds.
        seconds_path: JSONPath: where in the input the seconds are.
        timestamp: until when, for example ``2025-03-15T02:00:00Z``.
        timestamp_path: JSONPath: where in the input the timestamp is.
        input_path: JSONPath: the part of the input that the state sees.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output.
        assign: variables to set.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Wait"
    ui_color, ui_fgcolor = COLORS["Wait"]
    fields = ("seconds", "seconds_path", "timestamp", "timestamp_path", "input_path", "output_path", "output", "assign")


class SucceedStateOperator(StateOperator):
    """Ends the execution with success.

    Args:
        input_path: JSONPath: the part of the input that the state sees.
        output_path: JSONPath: the part that is the execution's output.
        output: JSONata: the execution's output.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Succeed"
    ui_color, ui_fgcolor = COLORS["Succeed"]
    fields = ("input_path", "output_path", "output")


class FailStateOperator(StateOperator):
    """Ends the execution with an error: the task and the DAG run fail.

    Args:
        error: name of the error.
        error_path: JSONPath: where in the input it is.
        cause: description of the error.
        cause_path: JSONPath: where in the input it is.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Fail"
    ui_color, ui_fgcolor = COLORS["Fail"]
    fields = ("error", "error_path", "cause", "cause_path")


class ParallelStateOperator(StateOperator):
    """Runs its branches in parallel on the same input, within this one task.

    Args:
        branches: the branches as in the definition, each with ``StartAt`` and ``States``.
        parameters: JSONPath: the input of the branches.
        arguments: JSONata: the input of the branches.
        input_path: JSONPath: the part of the input that the state sees.
        output_path: JSONPath: the part of the output that goes on.
        result_selector: JSONPath: makes the result from the branches' outputs.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output: JSONata: the output.
        assign: variables to set.
        retry: which errors are retried, and when: a list of retriers as in the definition.
        catch: which errors lead to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Parallel"
    template_fields = CALL_FIELDS
    ui_color, ui_fgcolor = COLORS["Parallel"]
    fields = ("branches", "parameters", "arguments", *_DATA_FLOW_FIELDS)


class MapStateOperator(StateOperator):
    """Runs the same states for each item of a list, within this one task.

    Args:
        item_processor: what runs for each item, as in the definition, with ``StartAt`` and ``States``.
        iterator: the same under its old name.
        items_path: JSONPath: where in the input the list is.
        items: JSONata: the list.
        item_selector: the input of each iteration.
        item_reader: where a distributed Map reads its items from.
        item_batcher: how a distributed Map groups its items.
        result_writer: where a distributed Map writes its results.
        max_concurrency: how many items run at once; 0 sets no limit.
        max_concurrency_path: JSONPath: where in the input that is.
        tolerated_failure_count: how many items of a distributed Map may fail.
        tolerated_failure_count_path: JSONPath: where in the input that is.
        tolerated_failure_percentage: which percentage of them may fail, 0 to 100.
        tolerated_failure_percentage_path: JSONPath: where in the input that is.
        label: a part of the names of a distributed Map's runs.
        parameters: JSONPath: ``item_selector`` under its old name.
        input_path: JSONPath: the part of the input that the state sees.
        output_path: JSONPath: the part of the output that goes on.
        result_selector: JSONPath: makes the result from the iterations' outputs.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output: JSONata: the output.
        assign: variables to set.
        retry: which errors are retried, and when: a list of retriers as in the definition.
        catch: which errors lead to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Map"
    template_fields = CALL_FIELDS
    ui_color, ui_fgcolor = COLORS["Map"]
    fields = (
        "item_processor",
        "iterator",
        "items_path",
        "items",
        "item_selector",
        "item_reader",
        "item_batcher",
        "result_writer",
        "max_concurrency",
        "max_concurrency_path",
        "tolerated_failure_count",
        "tolerated_failure_count_path",
        "tolerated_failure_percentage",
        "tolerated_failure_percentage_path",
        "label",
        "parameters",
        *_DATA_FLOW_FIELDS,
    )


class RegionOperator(StateOperator):
    """Base of the operators that run several states within one task.

    Args:
        states: the states as in the definition, by name.
        kwargs: arguments of `StateOperator`.
    """

    template_fields = CALL_FIELDS

    def __init__(self, *, states: dict[str, dict[str, Json]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._states = states

    @property
    def states(self) -> dict[str, dict[str, Json]]:
        """The states, by name; the task can be entered by each."""
        return self._states


class LoopOperator(RegionOperator):
    """Runs a cycle of states within one task: Airflow's graph has no cycles.

    Args:
        states: the states of the loop as in the definition, by name.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Loop"
    ui_color, ui_fgcolor = COLORS["Loop"]


class SegmentOperator(RegionOperator):
    """Runs a run of states within one task: fewer tasks cost less time of the scheduler, and fewer slots of workers.

    It starts at the first state. Where it waits, it is deferred in the midst of it. A try after a lost worker repeats
    no call that has answered; a clear begins at the first state again.

    Args:
        states: the states as in the definition, by name.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Segment"
    ui_color, ui_fgcolor = COLORS["Segment"]
