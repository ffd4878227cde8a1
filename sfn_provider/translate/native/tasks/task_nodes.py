"""Makes the task of a Task by its form: an operator, an API or Lambda call, a job by boto3."""

from __future__ import annotations

from sfn_provider.asl.model import Task
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.model import NativeNode
from sfn_provider.translate.native.states.api_gateway import ApiForm
from sfn_provider.translate.native.states.forms import JobForm, LambdaForm, TaskForm
from sfn_provider.translate.native.states.retries_and_timeouts import final_retriers
from sfn_provider.translate.native.tasks.api_nodes import make_api_call
from sfn_provider.translate.native.tasks.call_lines import end_final_errors, make_invocation
from sfn_provider.translate.native.tasks.job_lines import make_job
from sfn_provider.translate.native.tasks.nodes import NodeMaker


def make_task(maker: NodeMaker, flow: StateFlow, form: TaskForm, takes_arguments: bool, is_read: bool) -> NativeNode:
    """Make the task of a Task.

    Args:
        maker: makes what all tasks need.
        flow: the Task.
        form: its form.
        takes_arguments: whether a function may have results of other tasks as arguments.
        is_read: whether later tasks read the result.
    """
    state: Task = flow.state  # type: ignore[assignment]
    if not final_retriers(state.retry):
        return _by_form(maker, flow, form, takes_arguments, is_read)
    with maker.in_width(maker.width - 4):
        return end_final_errors(maker, _by_form(maker, flow, form, takes_arguments, is_read), state)


def _by_form(maker: NodeMaker, flow: StateFlow, form: TaskForm, takes_arguments: bool, is_read: bool) -> NativeNode:
    if isinstance(form, ApiForm):
        return make_api_call(maker, flow, form, takes_arguments)
    if isinstance(form, JobForm):
        return make_job(maker, flow, form, takes_arguments)
    if isinstance(form, LambdaForm):
        return make_invocation(maker, flow, form, takes_arguments, is_read)
    return maker.task(flow, form, takes_arguments)
