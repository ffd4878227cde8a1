"""Arguments that operators and sensors share."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_provider._compat import DAG, AirflowException
from sfn_provider.operators import step_function as operators
from sfn_provider.sensors import step_function as sensors

ARN = "arn:aws:states:eu-west-1:123456789012:execution:Sales:one"
CONNECTION = {"aws_conn_id": "aws_default", "region_name": None, "verify": None, "botocore_config": None}
WAITING = {"waiter_delay", "waiter_max_attempts", "deferrable", "wait_for_completion", "stop_on_kill", "log_history"}
CLASSES = [getattr(module, name) for module in (operators, sensors) for name in module.__all__]


def signature_of(cls: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a class, by name."""
    return dict(inspect.signature(cls).parameters)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: str(cls.__name__))
def test_a_signature_shows_the_arguments_of_the_connection(cls: Any) -> None:
    parameters = signature_of(cls)
    assert {name: parameters[name].default for name in CONNECTION} == CONNECTION
    assert list(parameters)[-1] == "kwargs"


@pytest.mark.parametrize("cls", [each for each in CLASSES if each.__name__.endswith("Sensor")])
def test_a_sensors_signature_shows_that_it_can_be_deferred(cls: Any) -> None:
    assert signature_of(cls)["deferrable"].default is False


@pytest.mark.parametrize("name", ["StepFunctionStartExecutionOperator", "StepFunctionRedriveExecutionOperator"])
def test_an_operators_signature_shows_the_arguments_of_its_wait(name: str) -> None:
    assert set(signature_of(getattr(operators, name))) > WAITING | {"status_queue_url"}


def make_dag(**default_args: Any) -> DAG:
    """A DAG with default arguments."""
    return DAG("shared", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), default_args=default_args)


def test_default_arguments_of_a_dag_reach_the_shared_arguments() -> None:
    with make_dag(aws_conn_id="sales", waiter_delay=5, deferrable=True):
        start = operators.StepFunctionStartExecutionOperator(task_id="start", state_machine_arn=ARN)
        wait = sensors.StepFunctionExecutionSensor(task_id="wait", execution_arn=ARN, aws_conn_id="other")
    assert (start.aws_conn_id, start.waiter_delay, start.deferrable) == ("sales", 5, True)
    assert (wait.aws_conn_id, wait.deferrable) == ("other", True)


def test_a_mapped_task_takes_the_shared_arguments() -> None:
    with make_dag():
        stop = operators.StepFunctionStopExecutionOperator
        mapped = stop.partial(task_id="stop", verify=False).expand(execution_arn=[ARN], region_name=["eu-west-1"])
        assert mapped.partial_kwargs["verify"] is False
        with pytest.raises((TypeError, AirflowException), match="poke_interval"):
            stop.partial(task_id="other", poke_interval=1)


def test_a_subclass_may_set_a_shared_argument_itself() -> None:
    class Sales(operators.StepFunctionStopExecutionOperator):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(execution_arn=ARN, aws_conn_id="sales", **kwargs)

    with make_dag(aws_conn_id="other"):
        assert Sales(task_id="stop").aws_conn_id == "sales"


OF_AIRFLOWS_SENSORS = {"poke_interval", "timeout", "mode", "exponential_backoff", "silent_fail", "soft_fail"}


def literal_arguments() -> list[Any]:
    """Each argument of each class that is no template field."""
    return [
        pytest.param(cls, name, id=f"{cls.__name__}.{name}")
        for cls in CLASSES
        for name in sorted({*signature_of(cls), *(OF_AIRFLOWS_SENSORS if cls.__name__.endswith("Sensor") else ())})
        if name not in {*cls.template_fields, "kwargs"}
    ]


def make_task(cls: Any, **arguments: Any) -> Any:
    """Make a task with what its class requires."""
    required = [name for name, parameter in signature_of(cls).items() if parameter.default is parameter.empty]
    return cls(task_id="task", **{**dict.fromkeys(set(required) - {"kwargs"}, "x"), **arguments})


def make_mapped_task(cls: Any, **arguments: Any) -> Any:
    """Begin a mapped task."""
    return cls.partial(task_id="mapped", **arguments)


@pytest.mark.parametrize(("cls", "name"), literal_arguments())
def test_an_argument_that_is_no_template_field_refuses_templates_and_outputs(cls: Any, name: str) -> None:
    with make_dag():
        before = operators.StepFunctionStopExecutionOperator(task_id="before", execution_arn=ARN)
    refused = [before.output, "{{ params.value }}", "{% if params.value %}1{% endif %}"]
    refused += [[before.output], {"a": {"b": before.output}}]
    refused += [] if name == "definition" else [["{{ params.value }}"], {"a": "{{ params.value }}"}]
    for make in (make_task, make_mapped_task):
        for value in refused:
            with make_dag(), pytest.raises(ValueError, match=rf"^{name}: cannot be a template or the output of a task"):
                make(cls, **{name: value})


def test_a_definition_may_hold_braces() -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "States.Format(\'{}{{\')"}}}}'
    assert make_task(operators.StepFunctionValidateStateMachineOperator, definition=text).definition == text
    yaml = "StartAt: A\nStates:\n  A: {Type: Pass, Output: '{% 1 %}', End: true}\n"
    assert make_task(operators.StepFunctionValidateStateMachineOperator, definition=yaml).definition == yaml


def test_default_arguments_of_a_dag_are_checked_too() -> None:
    with make_dag(waiter_delay="{{ params.delay }}"), pytest.raises(ValueError, match="waiter_delay: cannot be"):
        make_task(operators.StepFunctionStartExecutionOperator)


def test_a_template_field_of_a_subclass_takes_templates() -> None:
    class Patient(operators.StepFunctionStartExecutionOperator):
        template_fields = (*operators.StepFunctionStartExecutionOperator.template_fields, "waiter_delay")

    assert make_task(Patient, waiter_delay="{{ params.delay }}").waiter_delay == "{{ params.delay }}"


REFUSED = [
    (operators.StepFunctionStartExecutionOperator, {"on_failed_execution": "zz"}, "is none of new_name"),
    (operators.StepFunctionStartExecutionOperator, {"waiter_delay": "{{ params.delay }}"}, "cannot be a template"),
    (operators.StepFunctionStartExecutionOperator, {"state_machine_arn": None}, "None is no value"),
    (operators.StepFunctionRedriveExecutionOperator, {"on_not_redrivable": "zz"}, "is none of fail"),
    (operators.StepFunctionDescribeExecutionOperator, {"max_pages": 0}, "is no whole number of 1 or more"),
    (operators.StepFunctionGetExecutionOutputOperator, {"fail_on_error": "no"}, "is not True or False"),
    (operators.StepFunctionSendTaskSuccessOperator, {"fail_if_closed": "no"}, "is not True or False"),
    (operators.StepFunctionCreateOrUpdateStateMachineOperator, {"alias_weight": 101}, "no whole number from 1 to 100"),
    (operators.StepFunctionValidateStateMachineOperator, {"severity": "INFO"}, "is none of ERROR"),
    (operators.StepFunctionStopExecutionOperator, {"botocore_config": 5}, "is no dict"),
    (operators.StepFunctionStopExecutionOperator, {"execution_arn": None}, "None is no value"),
    (sensors.StepFunctionExecutionSensor, {"target_states": []}, "there is no status to wait for"),
    (sensors.StepFunctionExecutionSensor, {"execution_arn": None}, "None is no value"),
    (sensors.StepFunctionExecutionsSensor, {"wait_for": "some"}, "is none of all, any"),
    (sensors.StepFunctionMapRunSensor, {"target_states": ["PENDING"]}, "no status of a Map Run"),
    (sensors.StepFunctionStateSensor, {"times": 0}, "is no whole number of 1 or more"),
    (sensors.StepFunctionActivityTaskSensor, {"soft_fail": "no"}, "is not True or False"),
]


@pytest.mark.parametrize(("cls", "arguments", "problem"), REFUSED)
def test_a_mapped_task_refuses_what_a_task_does(cls: Any, arguments: dict[str, Any], problem: str) -> None:
    [name] = arguments
    for make in (make_task, make_mapped_task):
        with make_dag(), pytest.raises(ValueError, match=f"^{name}: .*{problem}"):
            make(cls, **arguments)


def test_a_mapped_task_of_a_subclass_may_have_templates() -> None:
    class Patient(operators.StepFunctionStartExecutionOperator):
        template_fields = (*operators.StepFunctionStartExecutionOperator.template_fields, "waiter_delay")

    with make_dag():
        patient = Patient.partial(task_id="start", waiter_delay="{{ params.delay }}").expand(state_machine_arn=[ARN])
    assert patient.partial_kwargs["waiter_delay"] == "{{ params.delay }}"


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (operators.StepFunctionStartExecutionOperator, {"state_machine_arn": ARN}),
        (operators.StepFunctionRedriveExecutionOperator, {"execution_arn": ARN}),
        (sensors.StepFunctionExecutionSensor, {"execution_arn": ARN}),
    ],
)
def test_a_queue_is_for_deferred_waits(cls: Any, arguments: dict[str, Any]) -> None:
    arguments |= {"task_id": "wait", "status_queue_url": "https://sqs.eu-west-1.amazonaws.com/1/ends"}
    with pytest.raises(ValueError, match=r"^status_queue_url: .* needs deferrable=True"):
        cls(**arguments)
    assert cls(**arguments, deferrable=True).status_queue_url == arguments["status_queue_url"]


def test_a_start_that_does_not_wait_may_have_the_queue_of_its_dags_default_arguments() -> None:
    with make_dag(status_queue_url="https://sqs.eu-west-1.amazonaws.com/1/ends"):
        make_task(operators.StepFunctionStartExecutionOperator, wait_for_completion=False)


def test_a_map_run_is_named_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match=r"^map_run_arn, execution_arn: neither is given"):
        sensors.StepFunctionMapRunSensor(task_id="wait")
