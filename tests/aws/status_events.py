"""EventBridge's events of executions whose status has changed."""

from __future__ import annotations

import json
from typing import Any

Json = Any


def status_change_event(arn: str, status: str = "SUCCEEDED", **detail: Json) -> dict[str, Json]:
    """Make EventBridge's event of an execution, as the Step Functions Developer Guide shows it ("Automating Step
    Functions event delivery with EventBridge"); ``detail`` replaces fields.
    """
    _, _, _, region, account, _, machine, *_, name = arn.split(":")
    succeeded, failed = status == "SUCCEEDED", status in ("FAILED", "TIMED_OUT", "ABORTED")
    fields = {
        "executionArn": arn,
        "stateMachineArn": f"arn:aws:states:{region}:{account}:stateMachine:{machine}",
        "name": name,
        "status": status,
        "startDate": 1551225146847,
        "stopDate": 1551225151881 if succeeded or failed else None,
        "input": "{}",
        "inputDetails": {"included": True},
        "output": json.dumps({"did": name}) if succeeded else None,
        "outputDetails": {"included": True} if succeeded else None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE" if failed else "NOT_REDRIVABLE",
        "redriveStatusReason": None if failed else f"Execution is {status} and cannot be redriven",
        "error": "States.TaskFailed" if status == "FAILED" else None,
        "cause": "No such order" if status == "FAILED" else None,
    }
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": account,
        "time": "2019-02-26T19:42:21Z",
        "region": region,
        "resources": [arn],
        "detail": fields | detail,
    }
