"""Map and Parallel in a real Airflow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.lambda_functions import FunctionError, LambdaFunctions
from tests.fixtures.real_airflow import RealAirflow, Run
from tests.fixtures.real_airflow_dags import source_of


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


def branches(bill: str, pick: str) -> dict[str, Any]:
    """Two branches that call a function each, and a Catch."""
    both = [
        {"StartAt": name, "States": {name: {"Type": "Task", "Resource": function, "End": True}}}
        for name, function in (("Bill", bill), ("Pick", pick))
    ]
    catch = [{"ErrorEquals": ["OutOfStock"], "ResultPath": "$.failure", "Next": "Apologise"}]
    return {
        "StartAt": "Both",
        "States": {
            "Both": {"Type": "Parallel", "Branches": both, "Catch": catch, "Next": "Thank"},
            "Thank": {"Type": "Pass", "End": True},
            "Apologise": {"Type": "Pass", "End": True},
        },
    }


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow, lambda_functions: LambdaFunctions) -> dict[str, Run]:
    """The runs that the tests are about."""
    airflow = real_airflow_process
    airflow.ensure()
    ship, pick = (lambda_functions.add(name, broken) for name in ("ship", "Pick"))
    bill = lambda_functions.add("Bill", lambda payload: "billed")
    airflow.add_dags(
        {"orders": source_of(map_of(ship), "orders"), "branches": source_of(branches(bill, pick), "branches")}
    )
    orders = [{"order": number} for number in range(50)]
    return {
        "tolerant": airflow.trigger("orders", {"orders": orders, "tolerated": 1}),
        "strict": airflow.trigger("orders", {"orders": orders, "tolerated": 0}),
        "caught": airflow.trigger("branches", {"order": 7}),
        "fine": airflow.trigger("branches", {"order": 1}),
    }


def test_a_map_of_fifty_tolerates_a_failing_item_or_does_not(runs: dict[str, Run]) -> None:
    tolerant, strict = runs["tolerant"], runs["strict"]
    assert tolerant.wait(240) == "success", tolerant.story()
    done = tolerant.xcom("Done")
    failed = done.pop(7)
    assert (failed["Status"], failed["Error"]) == ("FAILED", "OutOfStock")
    assert done == [number * 2 for number in range(50) if number != 7]
    assert strict.wait(240) == "failed", strict.story()
    assert strict.states()["Done"] in ("skipped", "upstream_failed", None)
    assert "States.ExceedToleratedFailureThreshold" in strict.story()


def test_the_error_of_a_branch_is_caught(runs: dict[str, Run]) -> None:
    run = runs["caught"]
    assert run.wait() == "success", run.story()
    states = run.states()
    assert (states["Thank"], states["Apologise"]) == ("skipped", "success")
    assert run.xcom("Apologise")["failure"]["Error"] == "OutOfStock"
    fine = runs["fine"]
    fine.wait()
    assert fine.xcom("Thank") == ["billed", 2], fine.story()
