"""State machines out of files, over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowFailException
from sfn_provider.operators.step_function import (
    StepFunctionCreateOrUpdateStateMachineOperator,
    StepFunctionValidateStateMachineOperator,
)
from tests.aws.local_step_functions import PASS_THROUGH, SharedStepFunctions
from tests.aws.moto import ROLE_ARN
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
BROKEN = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}


def create(**arguments: Any) -> tuple[Any, dict[str, Any]]:
    """Create or update the state machine. Gives the result and the XComs."""
    given = {"task_id": "deploy", "name": "Orders", "definition": PASS_THROUGH, "role_arn": ROLE_ARN}
    operator = StepFunctionCreateOrUpdateStateMachineOperator(**(given | arguments))
    context = context_of(operator)
    return operator.execute(context), context["ti"].xcoms


def test_the_result_is_what_executions_are_started_by(stepfunctions: SharedStepFunctions) -> None:
    arn, xcoms = create()
    assert arn == ARN
    assert {key: value for key, value in xcoms.items() if not key.startswith("_")} == {
        "state_machine_arn": ARN,  # and none for the version and the alias that there are not
        "change": "created",
    }
    assert xcoms["_state_machine_details"]["state_machine_arn"] == ARN
    assert create()[1]["change"] == "unchanged"
    stepfunctions.assert_execution(stepfunctions.start_execution(arn))


def test_an_alias_includes_a_version(stepfunctions: SharedStepFunctions) -> None:
    arn, xcoms = create(alias="live")
    assert (arn, xcoms["state_machine_version_arn"]) == (f"{ARN}:live", f"{ARN}:1")


def test_a_relative_path_starts_at_the_dag_files_folder(tmp_path: Path, stepfunctions: SharedStepFunctions) -> None:
    (tmp_path / "orders.asl.yaml").write_text("StartAt: A\nStates:\n  A:\n    Type: Succeed\n    Comment: ${Note}\n")
    with DAG("deploys", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        dag.fileloc = str(tmp_path / "deploys.py")
        create(definition="orders.asl.yaml", substitutions={"Note": "hello"})
    definition = json.loads(stepfunctions.client.describe_state_machine(stateMachineArn=ARN)["definition"])
    assert definition == {"StartAt": "A", "States": {"A": {"Type": "Succeed", "Comment": "hello"}}}


def test_configurations_and_tags_are_sent(scripted_aws: ScriptedAws) -> None:
    shown = {"definition": json.dumps(PASS_THROUGH), "roleArn": ROLE_ARN, "type": "EXPRESS", "status": "ACTIVE"}
    shown["tracingConfiguration"] = {"enabled": True}  # type: ignore[assignment]
    scripted_aws.script("DescribeStateMachine", ErrorResponse("StateMachineDoesNotExist"), shown)
    scripted_aws.script("CreateStateMachine", {"stateMachineArn": ARN, "creationDate": 1.0})
    create(state_machine_type="EXPRESS", tracing_configuration={"enabled": True}, tags={"team": "sales"})
    [body] = scripted_aws.bodies("CreateStateMachine")
    assert {key: body[key] for key in ("type", "tracingConfiguration", "tags")} == {
        "type": "EXPRESS",
        "tracingConfiguration": {"enabled": True},
        "tags": [{"key": "team", "value": "sales"}],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"definition": BROKEN}, r"deploy: the definition has errors:\n(.*\n)*.*MISSING_TRANSITION_TARGET"),
        ({"definition": "absent.asl.json"}, "absent"),
        ({"role_arn": "machine"}, "deploy: role_arn: 'machine' is not the ARN of a role"),
    ],
    ids=["lint", "no file", "role"],
)
def test_aws_is_not_asked_for_what_cannot_be(
    scripted_aws: ScriptedAws, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(AirflowFailException, match=message):
        create(**arguments)
    assert scripted_aws.calls == []


@pytest.mark.parametrize(
    ("code", "final"), [("InvalidDefinition", True), ("InvalidName", True), ("StateMachineDeleting", False)]
)
def test_what_aws_refuses_is_final_where_no_retry_helps(scripted_aws: ScriptedAws, code: str, final: bool) -> None:
    scripted_aws.script("DescribeStateMachine", ErrorResponse("StateMachineDoesNotExist"))
    scripted_aws.script("CreateStateMachine", ErrorResponse(code))
    with pytest.raises(Exception, match=code) as caught:
        create()
    assert isinstance(caught.value, AirflowFailException) is final


@pytest.mark.parametrize(
    "arguments",
    [
        {"alias_weight": 0},
        {"alias_weight": 101},
        {"alias_weight": "50"},
        {"alias_weight": 0.5},
        {"state_machine_type": "FAST"},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_when_the_dag_is_parsed(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"alias_weight|state_machine_type"):
        create(**arguments)


WARNING = {"severity": "WARNING", "code": "NO_PATH", "message": "odd", "location": "/States/A"}
ERROR = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": "bad"}


def validate(**arguments: Any) -> Any:
    """Let AWS check the definition."""
    operator = StepFunctionValidateStateMachineOperator(
        **({"task_id": "check", "definition": PASS_THROUGH} | arguments)
    )
    return operator.execute(context_of(operator))


def test_a_definition_that_aws_takes(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("ValidateStateMachineDefinition", {"result": "OK", "diagnostics": [], "truncated": False})
    assert validate() == []
    [body] = scripted_aws.bodies("ValidateStateMachineDefinition")
    assert json.loads(body.pop("definition")) == PASS_THROUGH
    assert body == {"type": "STANDARD", "severity": "ERROR", "maxResults": 0}


def test_a_definition_that_aws_refuses(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(
        "ValidateStateMachineDefinition",
        {"result": "FAIL", "diagnostics": [ERROR, WARNING], "truncated": True},
    )
    with pytest.raises(AirflowFailException) as caught:
        validate()
    assert str(caught.value) == (
        "the definition: AWS finds\n  ERROR SCHEMA_VALIDATION_FAILED at /: bad\nThere is more that AWS has left out."
    )


def test_warnings_fail_where_that_is_wanted(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("ValidateStateMachineDefinition", {"result": "OK", "diagnostics": [WARNING]})
    assert validate(severity="WARNING") == [WARNING]
    with pytest.raises(AirflowFailException, match="WARNING NO_PATH at /States/A: odd"):
        validate(fail_on="WARNING")
    assert {body["severity"] for body in scripted_aws.bodies("ValidateStateMachineDefinition")} == {"WARNING"}


def test_a_definition_with_an_error_is_not_sent(scripted_aws: ScriptedAws) -> None:
    with pytest.raises(AirflowFailException, match="check: the definition has errors"):
        validate(definition=BROKEN)
    assert scripted_aws.calls == []
