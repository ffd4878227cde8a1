"""Map and Parallel in a real Airflow."""

from __future__ import annotations

from typing import Any

from tests.aws.lambda_functions import FunctionError, LambdaFunctions
from tests.fixtures.real_airflow import RealAirflow
from tests.fixtures.real_airflow_dags import put_in, start


def broken(payload: Any) -> Any:
    """Fail for the seventh order; double the others."""
    if payload["order"] == 7:
        raise FunctionError("OutOfStock", "order 7")
    return payload["order"] * 2


def map_of(function: str) -> dict[str, Any]:
    """A distributed Map that tolerates as many failures as its input says."""
    body = {"StartAt": "Ship", "States": {"Ship": {"Type": "Task", "Resource": function, "End": True}}}
    return {
        "StartAt": "Orders",
        "States": {
            "Orders": {
                "Type": "Map",
                "ItemsPath": "$.orders",
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **body},
                "ToleratedFailureCountPath": "$.tolerated",
                "Next": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }


def test_a_map_of_fifty_tolerates_a_failing_item_or_does_not(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions
) -> None:
    put_in(real_airflow, map_of(lambda_functions.add("ship", broken)), "orders")
    orders = [{"order": number} for number in range(50)]
    runs = [real_airflow.trigger("orders", {"orders": orders, "tolerated": count}) for count in (1, 0)]
    tolerant, strict = (run.wait(240) for run in runs)
    assert tolerant == "success", runs[0].story()
    done = runs[0].xcom("Done")
    failed = done.pop(7)
    assert (failed["Status"], failed["Error"]) == ("FAILED", "OutOfStock")
    assert done == [number * 2 for number in range(50) if number != 7]
    assert strict == "failed", runs[1].story()
    assert runs[1].states()["Done"] in ("skipped", "upstream_failed", None)
    assert "States.ExceedToleratedFailureThreshold" in runs[1].story()


def test_the_error_of_a_branch_is_caught(real_airflow: RealAirflow, lambda_functions: LambdaFunctions) -> None:
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Task", "Resource": lambda_functions.add(name, body), "End": True}}}
        for name, body in [("Bill", lambda payload: "billed"), ("Pick", broken)]
    ]
    catch = [{"ErrorEquals": ["OutOfStock"], "ResultPath": "$.failure", "Next": "Apologise"}]
    definition = {
        "StartAt": "Both",
        "States": {
            "Both": {"Type": "Parallel", "Branches": branches, "Catch": catch, "Next": "Thank"},
            "Thank": {"Type": "Pass", "End": True},
            "Apologise": {"Type": "Pass", "End": True},
        },
    }
    run = start(real_airflow, definition, "branches", {"order": 7})
    assert run.wait() == "success", run.story()
    states = run.states()
    assert (states["Thank"], states["Apologise"]) == ("skipped", "success")
    assert run.xcom("Apologise")["failure"]["Error"] == "OutOfStock"
    fine = real_airflow.run("branches", {"order": 1})
    assert fine.xcom("Thank") == ["billed", 2], fine.story()
