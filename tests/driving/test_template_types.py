"""Types of template fields: what AWS is sent, in DAGs that render natively and in others."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sfn_provider._compat import DAG, AirflowFailException, BaseOperator
from sfn_provider.driving import template_types
from sfn_provider.exceptions import UsageError
from sfn_provider.operators import step_function as operators
from sfn_provider.operators.base import StepFunctionsOperator
from sfn_provider.sensors import step_function as sensors
from tests.aws.scripted import ScriptedAws
from tests.fixtures.airflow.airflow_home import run_dag, task_states
from tests.fixtures.airflow.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
VALUES = {"number": 5, "digits": "123", "value": {"a": True}, "nothing": None, "yes": True, "nodash": "20250301"}

start_operator = operators.StepFunctionStartExecutionOperator
deploy_operator = operators.StepFunctionCreateOrUpdateStateMachineOperator


def new_dag(dag_id: str, native: bool) -> DAG:
    """Make a DAG that runs by hand only."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    return DAG(dag_id, start_date=start, schedule=None, render_template_as_native_obj=native)


def render(native: bool, field: str, value: Any, cls: Any = start_operator, **arguments: Any) -> Any:
    """Render one field of an operator as Airflow does before it runs, and give its value."""
    with new_dag("rendered", native):
        task = cls(task_id="task", **{**arguments, field: value})
    task.render_template_fields({**context_of(task), **VALUES})
    return getattr(task, field)


@dataclass(frozen=True)
class Case:
    """A field's value, and what it becomes in a native DAG and in another one."""

    id: str
    value: Any
    native: Any
    other: Any


TEXTS = [
    Case("number", "123", "123", "123"),
    Case("octal", "007", "007", "007"),
    Case("float", "1e3", "1e3", "1e3"),
    Case("None", "None", "None", "None"),
    Case("true", "True", "True", "True"),
    Case("list", "[1]", "[1]", "[1]"),
    Case("quotes", "'a'", "'a'", "'a'"),
    Case("date", "{{ nodash }}", "20250301", "20250301"),
    Case("text", "{{ digits }}", "123", "123"),
    Case("two values", "{{ digits }}{{ number }}", "1235", "1235"),
    Case("number of a template", "{{ number }}", "5", "5"),
    Case("boolean of a template", "{{ yes }}", "true", "True"),
    Case("nothing", "{{ nothing }}", None, "None"),
    Case("empty", "{% if nothing %}x{% endif %}", "", ""),
    Case("JSON", "{{ value | tojson }}", '{"a": true}', '{"a": true}'),
    Case("number itself", 7, "7", "7"),
    Case("boolean itself", False, "false", "false"),
    Case("decimal itself", Decimal("1.50"), "1.50", "1.50"),
    Case("time itself", datetime(2025, 3, 1, tzinfo=UTC), "2025-03-01T00:00:00+00:00", "2025-03-01T00:00:00+00:00"),
]


@pytest.mark.parametrize("native", [True, False], ids=["native", "other"])
@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.id)
def test_text_stays_text(case: Case, native: bool) -> None:
    rendered = render(native, "name", case.value, state_machine_arn=MACHINE)
    assert rendered == (case.native if native else case.other)
    tags = {} if rendered is None else render(native, "tags", {"tag": case.value}, deploy_operator, **DEPLOYED)
    assert tags == ({} if rendered is None else {"tag": rendered})


DEPLOYED = {"name": "Orders", "definition": {}, "role_arn": "arn:aws:iam::123456789012:role/orders"}


@dataclass(frozen=True)
class Refused:
    """A value that cannot be sent as text, and the beginning of what is said about it."""

    id: str
    field: str
    value: Any
    message: str


@pytest.mark.parametrize(
    "case",
    [
        Refused("dict", "name", "{{ value }}", "task: name: {'a': True} is of type dict and no text"),
        Refused("bytes", "role_arn", b"x", "task: role_arn: b'x' is of type bytes"),
        Refused("infinite", "version_description", float("inf"), "task: version_description: inf is of type float"),
        Refused("list in a tag", "tags", {"a": ["x"]}, r"task: tags\['a'\]: \['x'\] is of type list"),
        Refused("None in a tag", "tags", {"a": None}, r"task: tags\['a'\]: None is no text"),
        Refused("None as a key", "substitutions", {None: "a"}, "task: substitutions: None is no text"),
        Refused("list", "tags", ["a"], r"task: tags: \['a'\] is no dict"),
        Refused("text", "substitutions", "a=b", "task: substitutions: 'a=b' is no dict"),
    ],
    ids=lambda case: case.id,
)
def test_what_is_no_text_is_refused_by_name(case: Refused) -> None:
    with pytest.raises(AirflowFailException, match=case.message):
        render(True, case.field, case.value, deploy_operator, **DEPLOYED)


def test_what_the_page_says_of_texts_in_an_object_of_a_native_dag() -> None:
    """docs/driving.md, Types."""
    texts = {"a": "20250301", "b": "1e3", "c": "True", "d": "None", "e": "", "f": "[1]"}
    read = {"a": 20250301, "b": 1000.0, "c": True, "d": None, "e": None, "f": [1]}
    assert render(True, "state_machine_input", texts, state_machine_arn=MACHINE) == read
    template = '{"day": {{ "20250301" | tojson }}, "code": "1e3"}'
    rendered = render(True, "state_machine_input", template, state_machine_arn=MACHINE)
    assert rendered == '{"day": "20250301", "code": "1e3"}'


@pytest.mark.parametrize("output", [{"rows": 3}, ["a"], "rows"], ids=["object", "array", "text"])
def test_an_output_in_place_of_an_arn_is_told_where_the_arn_is(output: Any) -> None:
    """``start.output`` with ``return_output=True``: to write it as JSON would not help."""
    operator = operators.StepFunctionGetExecutionOutputOperator(task_id="task", execution_arn=output)
    with pytest.raises(AirflowFailException, match=r"it is its XCom 'execution_arn': start.output\['execution_arn'\]"):
        operator.render_template_fields(context_of(operator))
        operator.execute(context_of(operator))


@pytest.mark.parametrize("native", [True, False], ids=["native", "other"])
def test_a_mapping_can_be_one_template(native: bool) -> None:
    values = "{{ dict(Bucket='007', Days=5) | tojson }}"
    assert render(native, "substitutions", values, deploy_operator, **DEPLOYED) == {"Bucket": "007", "Days": "5"}
    if native:
        assert render(True, "tags", "{{ value }}", deploy_operator, **DEPLOYED) == {"a": "true"}


INPUTS = [
    Case("JSON of a template", "{{ value | tojson }}", '{"a": true}', '{"a": true}'),
    Case("JSON of a text", "{{ digits | tojson }}", '"123"', '"123"'),
    Case("JSON text", '"123"', '"123"', '"123"'),
    Case("JSON with a template", '{"day": "{{ nodash }}"}', '{"day": "20250301"}', '{"day": "20250301"}'),
    Case("JSON null", "null", "null", "null"),
    Case("value", "{{ value }}", {"a": True}, "{'a': True}"),
    Case("number", "{{ number }}", 5, "5"),
    Case("nothing", "{{ nothing }}", None, "None"),
    Case("Python's literal", "{'a': '{{ digits }}'}", {"a": "123"}, "{'a': '123'}"),
    Case("dict", {"a": ["{{ number }}", 1]}, {"a": [5, 1]}, {"a": ["5", 1]}),
]


@pytest.mark.parametrize("native", [True, False], ids=["native", "other"])
@pytest.mark.parametrize("case", INPUTS, ids=lambda case: case.id)
def test_text_of_json_stays_as_it_is(case: Case, native: bool) -> None:
    expected = case.native if native else case.other
    assert render(native, "state_machine_input", case.value, state_machine_arn=MACHINE) == expected
    sender = operators.StepFunctionSendTaskSuccessOperator
    assert render(native, "task_output", case.value, sender, task_token="token") == expected


def test_the_type_of_each_template_field_is_known() -> None:
    classes = [getattr(module, name) for module in (operators, sensors) for name in module.__all__]
    kinds = ("TEXT_FIELDS", "TEXT_MAPPING_FIELDS", "TEXT_LIST_FIELDS", "JSON_FIELDS")
    known = [field for kind in kinds for field in getattr(template_types, kind)]
    rendered_by_airflow = ["is_redrive_execution", "verify"]
    assert sorted(known + rendered_by_airflow) == sorted({field for cls in classes for field in cls.template_fields})


class Output(StepFunctionsOperator):
    """An operator for Step Functions whose XCom ``output`` is given."""

    def __init__(self, *, values: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.values = values

    def execute(self, context: Any) -> None:
        """Push the XComs."""
        for key, value in self.values.items():
            context["ti"].xcom_push(key=key, value=value)


class Returned(BaseOperator):
    """Any other operator, with a return value."""

    def __init__(self, *, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value = value

    def execute(self, context: Any) -> Any:
        """Return the value."""
        return self.value


OBJECT = '{"a": 1}'
SENT = {
    "digits": ("123", '"123"'),
    "date": ("2025-03-01", '"2025-03-01"'),
    "object": (OBJECT, json.dumps(OBJECT)),
    "value": ({"a": 1}, OBJECT),
}
"""XComs of an operator for Step Functions, and what is sent of them."""


@pytest.mark.usefixtures("airflow_db")
def test_the_output_of_a_task_stays_the_value_that_it_is(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": time.time() + 3600})
    scripted_aws.script("SendTaskSuccess", {})
    arguments = {"state_machine_arn": MACHINE, "wait_for_completion": False}
    with new_dag("outputs", native=True) as dag:
        output = Output(task_id="output", values={key: value for key, (value, _) in SENT.items()})
        texts = Returned(task_id="texts", value=["123", OBJECT])
        dicts = Returned(task_id="dicts", value=[{"state_machine_input": "7", "name": "8"}])
        for key in SENT:
            value: Any = output.output[key]
            start_operator(task_id=f"start_{key}", name=f"start_{key}", state_machine_input=value, **arguments)
        answer: Any = output.output["object"]
        operators.StepFunctionSendTaskSuccessOperator(task_id="send", task_token="token", task_output=answer)
        nested = {"in": output.output["digits"]}
        start_operator(task_id="nested", name="nested", state_machine_input=nested, **arguments)
        other: Any = Returned(task_id="other", value=OBJECT).output
        start_operator(task_id="other_object", name="other_object", state_machine_input=other, **arguments)
        start_operator.partial(task_id="each", **arguments).expand(
            state_machine_input=texts.output, name=["{{ ti.map_index }}"]
        )
        start_operator.partial(task_id="each_dict", **arguments).expand_kwargs(dicts.output)
        start_operator.partial(task_id="written", name="written", **arguments).expand(state_machine_input=["[1]"])
    assert set(task_states(run_dag(dag)).values()) == {"success"}
    started = {(body["name"], body["input"]) for body in scripted_aws.bodies("StartExecution")}
    assert started == {
        *((f"start_{key}", text) for key, (_, text) in SENT.items()),
        ("nested", '{"in": "123"}'),
        ("other_object", OBJECT),  # as the amazon provider sends it
        ("0", '"123"'),
        ("1", OBJECT),
        ("8", '"7"'),
        ("written", "[1]"),
    }
    assert scripted_aws.bodies("SendTaskSuccess") == [{"taskToken": "token", "output": json.dumps(OBJECT)}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (None, False), (0, False), ("False", False), (" true ", True), ("", False), ("on", True)],
)
def test_a_boolean_out_of_a_template_means_what_it_says(value: Any, expected: bool) -> None:
    assert template_types.parse_bool(value, "field") is expected


def test_a_text_that_is_no_boolean_is_refused() -> None:
    with pytest.raises(UsageError, match="field: 'maybe'"):
        template_types.parse_bool("maybe", "field")
