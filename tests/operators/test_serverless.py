"""States as tasks of a workflow in which no task is skipped, against the engine, with mocks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import AirflowRescheduleException
from sfn_provider.engine import simulate
from sfn_provider.operators.serverless import WorkflowStatesOperator
from sfn_provider.runtime.routing.dag_run_execution import load_run_mocks
from sfn_provider.runtime.stores.workflow_storage import STORAGE_VARIABLE
from sfn_provider.translate import translate
from tests.fixtures.airflow.airflow_home import dag_serialization
from tests.fixtures.airflow.task_runs import Run, dag
from tests.fixtures.airflow.workflows import operators, run_workflow
from tests.fixtures.calls.live_driver import JOB, LATER, NOW, STILL, Clock, FakeCaller
from tests.fixtures.machines.definitions import END, call, choose, go, machine

Json = Any
BROKEN = {"Throw": {"Error": "Broken", "Cause": "it broke"}}
CAUGHT = [{"ErrorEquals": ["Broken"], "ResultPath": "$.error", "Next": "Mend"}]
SHARED = machine(
    {
        # V may come from T alone, S from both: trigger rules would run S where T chooses X.
        "A": choose("$.a", {"S": "S", "T": "T"}),
        "T": choose("$.t", {"V": "V"}, "X"),
        "V": go("S", Result=1, ResultPath="$.v"),
        "S": END,
        "X": END,
    }
)
COUNT = machine(
    {
        "Count": go("Enough?", Parameters={"n.$": "States.MathAdd($.n, 1)"}),
        "Enough?": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 5, "Next": "Count"}]}
        | {"Default": "Done"},
        "Done": {"Type": "Succeed"},
    }
)
CALLS = machine({"Call": call("Ship", Catch=CAUGHT), "Ship": END, "Mend": go("Ship", Result="mended")})
BRANCHES = machine(
    {
        "P": {
            "Type": "Parallel",
            "Branches": [{"StartAt": name, "States": {name: call()}} for name in ("Call", "Other")],
            "Catch": CAUGHT,
            "Next": "Ship",
        },
        "Ship": END,
        "Mend": END,
    }
)
ITEMS = machine(
    {
        "M": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {"StartAt": "I", "States": {"I": {**END, "Parameters": {"x.$": "$"}}}},
            "End": True,
        }
    }
)
VARIABLES = machine(
    {
        "A": go("B", Assign={"kept": "{% $states.input.a %}"}, Output="{% null %}"),
        "B": {**END, "Output": "{% $kept %}"},
    },
    QueryLanguage="JSONata",
)


@dataclass(frozen=True)
class Case:
    """A run of a machine.

    Args:
        definition: the machine.
        input: its input.
        ran: the tasks that are chosen.
        mocks: what its tasks answer.
        error: the message of the failed task; empty where the execution succeeds.
    """

    definition: dict[str, Any]
    input: dict[str, Json]
    ran: str
    mocks: dict[str, list[dict[str, Json]]] = field(default_factory=dict)
    error: str = ""


CASES = {
    "the first way": Case(SHARED, {"a": "S"}, "A S"),
    "a way round": Case(SHARED, {"a": "T", "t": "V"}, "A T V S"),
    "past a task that another way leads to": Case(SHARED, {"a": "T", "t": "-"}, "A T X"),
    "no rule matches": Case(SHARED, {"a": "-"}, "A", error="States.Runtime: An error occurred"),
    "a loop": Case(COUNT, {"n": 1}, "Count_loop Done"),
    "no error": Case(CALLS, {}, "Call Ship", {"Call": [{"Return": {"ok": 1}}]}),
    "a caught error": Case(CALLS, {}, "Call Mend Ship", {"Call": [BROKEN]}),
    "an error that is not caught": Case(
        CALLS, {}, "Call", {"Call": [{"Throw": {"Error": "Other", "Cause": "?"}}]}, error="Other: ?"
    ),
    "branches": Case(BRANCHES, {}, "P Ship", {"Call": [{"Return": 1}], "Other": [{"Return": 2}]}),
    "a branch's error": Case(BRANCHES, {}, "P Mend", {"Call": [{"Return": 1}], "Other": [BROKEN]}),
    "items": Case(ITEMS, {"items": [1, 2]}, "M"),
    "variables, and an output of null": Case(VARIABLES, {"a": {"b": [1]}}, "A B"),
}


@pytest.fixture(autouse=True)
def _no_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STORAGE_VARIABLE, raising=False)


def with_mocks(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    responses = {
        name: {str(number): answer for number, answer in enumerate(found)} for name, found in case.mocks.items()
    }
    machines = {"M": {"TestCases": {"Case": {name: name for name in case.mocks}}}}
    file = tmp_path / "mocks.json"
    file.write_text(json.dumps({"StateMachines": machines, "MockedResponses": responses}))
    monkeypatch.setenv("SFN_PROVIDER_MOCK_CONFIG", f"{file}#Case")
    load_run_mocks.cache_clear()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("tasks", ["state", "segment", "machine"])
def test_a_workflow_does_what_the_machine_does(
    name: str, tasks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    with_mocks(case, tmp_path, monkeypatch)
    made = translate(case.definition, dag_id="w", target="mwaa-serverless", way="code", tasks=tasks)
    assert made.workflow is not None
    found = run_workflow(made.workflow, Run(params=case.input))
    expected = simulate(case.definition, case.input, mocks=case.mocks)
    assert found.status == expected.status
    assert expected.status == "FAILED" or found.output == expected.output
    assert (" ".join(found.errors.values())).startswith(case.error) and bool(found.errors) is bool(case.error)
    if tasks == "state":
        assert " ".join(found.chosen) == case.ran


def test_params_of_a_run_override_those_of_the_workflow() -> None:
    made = translate(machine({"A": END}), dag_id="w", target="mwaa-serverless", way="code")
    assert made.workflow is not None
    found = run_workflow(made.workflow, Run(conf={"b": 3}, params={"a": 1, "b": 2}))
    assert found.output == {"a": 1, "b": 3}


def test_the_time_limit_of_the_machine_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = machine({"W": {"Type": "Wait", "Seconds": 100, "Next": "A"}, "A": END}, TimeoutSeconds=60)
    with_mocks(Case(definition, {}, ""), tmp_path, monkeypatch)
    made = translate(definition, dag_id="w", target="mwaa-serverless", way="code")
    assert made.workflow is not None
    found = run_workflow(made.workflow, Run())
    assert found.states == {"W": "failed", "A": "upstream_failed"}
    assert found.errors["W"] == "the execution ran longer than the 0:01:00 that it may take"


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ("{", "task 'a': states is no JSON text"),
        ("[]", "task 'a': states must be an object with a state for each name"),
        ("{}", "task 'a': states must be"),
        ('{"A": 1}', "task 'a': states must be"),
        ({"A": END}, "task 'a': states is no JSON text"),
    ],
)
def test_states_that_are_none_are_refused_where_the_workflow_is_loaded(states: Any, message: str) -> None:
    with dag(), pytest.raises(ValueError, match=message.replace("(", r"\(")):
        WorkflowStatesOperator(task_id="a", states=states)


# Storage -----------------------------------------------------------------------------------------------------------


@dataclass
class Bucket:
    """Takes the place of boto3's client of S3."""

    objects: dict[str, bytes] = field(default_factory=dict)
    refuses: str = ""

    def get(self, service: str) -> Bucket:
        """Take the place of `Clients`, too."""
        assert service == "s3"
        return self

    def _check(self, operation: str) -> None:
        from botocore.exceptions import ClientError

        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, operation)

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        """Give an object."""
        from io import BytesIO

        from botocore.exceptions import ClientError

        self._check("GetObject")
        if f"{Bucket}/{Key}" not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "none"}}, "GetObject")
        return {"Body": BytesIO(self.objects[f"{Bucket}/{Key}"])}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        """Take an object."""
        self._check("PutObject")
        self.objects[f"{Bucket}/{Key}"] = Body

    def delete_object(self, Bucket: str, Key: str) -> None:
        """Remove an object."""
        self._check("DeleteObject")
        self.objects.pop(f"{Bucket}/{Key}", None)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket that the workflow's Environment names."""
    made = Bucket()
    monkeypatch.setenv(STORAGE_VARIABLE, "s3://files/w/runs/")
    monkeypatch.setattr("sfn_provider.runtime.stores.workflow_storage.Clients", lambda *arguments: made)
    return made


LARGE = machine({"A": go("B", Result={"x": "y" * 100_000}), "B": {**END, "OutputPath": "$.x"}})


def large() -> Any:
    """A workflow with an output that no XCom takes, from one task to the next."""
    made = translate(LARGE, dag_id="w", target="mwaa-serverless", way="code").workflow
    assert made is not None
    return made


def test_a_large_output_goes_through_s3(bucket: Bucket) -> None:
    found = run_workflow(large(), Run())
    assert found.status == "SUCCEEDED"
    address = "files/w/runs/machine/manual__1/A/output.json"
    assert json.loads(bucket.objects[address])["output"] == {"x": "y" * 100_000}
    assert found.run.xcoms["A", "token"] == {"next": "B", "address": f"s3://{address}"}
    assert ("A", "return_value") not in found.run.xcoms
    assert json.loads(bucket.objects["files/w/runs/machine/manual__1/B/output.json"])["output"] == "y" * 100_000


def test_without_a_folder_in_s3_a_large_output_fails_and_says_what_to_do() -> None:
    found = run_workflow(large(), Run())
    assert found.states == {"A": "failed", "B": "upstream_failed"}
    assert "MWAA Serverless passes on 100,000 at most: name a folder" in found.errors["A"]
    assert f"{STORAGE_VARIABLE}=s3://bucket/folder" in found.errors["A"]


def test_an_output_that_is_gone_fails_and_says_why(bucket: Bucket) -> None:
    run, made = Run(), operators(large())
    run.execute(made["A"])
    bucket.objects.clear()
    found = run_workflow(replace_first(large()), run)
    assert "was removed, or SFN_PROVIDER_STORAGE is not in the workflow's Environment" in found.errors["B"]


def replace_first(workflow: Any) -> Any:
    """The workflow without its first task, which has run."""
    from dataclasses import replace

    [_, second] = workflow.tasks
    return replace(workflow, tasks=(replace(second, upstream=()),))


@pytest.mark.parametrize(
    ("location", "refuses", "message"),
    [
        ("s3://files/w", "AccessDenied", "s3:ListBucket of the bucket"),
        ("/files", "", "SFN_PROVIDER_STORAGE is '/files': name a folder of S3, such as s3://bucket/workflows"),
        ("s3://A_B/x", "", "SFN_PROVIDER_STORAGE is 's3://A_B/x'"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(
    location: str, refuses: str, message: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STORAGE_VARIABLE, location)
    bucket.refuses = refuses
    assert message in run_workflow(large(), Run()).errors["A"]


@pytest.mark.usefixtures("fake_clock")
def test_a_task_that_waits_for_a_job_is_started_again(
    bucket: Bucket, fake_caller: FakeCaller, fake_clock: Clock
) -> None:
    from sfn_provider.integrations import Completed

    with dag():
        states = {"Call": {"Type": "Task", "Resource": JOB, "Next": "Ship"}}
        made = WorkflowStatesOperator(task_id="Call", states=json.dumps(states))
    fake_caller.answers["Call"] = [LATER]
    fake_caller.polls = [STILL, Completed("done")]
    run = Run()
    for _ in range(2):
        with pytest.raises(AirflowRescheduleException) as raised:
            run.execute(made)
        assert list(bucket.objects) == ["files/w/runs/machine/manual__1/Call/snapshot.json"]
        fake_clock.now = raised.value.reschedule_date.timestamp()
    assert run.execute(made) == "done"
    assert (len(fake_caller.calls), bucket.objects, fake_clock.sleeps) == (1, {}, [])
    assert run.xcoms["Call", "token"]["next"] == "Ship"
    assert fake_clock.now == NOW + 90


@pytest.mark.usefixtures("fake_caller")
def test_without_a_folder_a_task_waits_in_its_worker(fake_clock: Clock, variables: dict[str, str]) -> None:
    with dag():
        states = {"W": {"Type": "Wait", "Seconds": 600, "End": True}}
        made = WorkflowStatesOperator(task_id="W", states=json.dumps(states))
    assert Run(params={"a": 1}, try_number=2).execute(made) == {"a": 1}
    assert sum(fake_clock.sleeps) == 600.0
    assert variables == {}


def test_the_scheduler_heeds_when_a_task_wants_to_be_started_again() -> None:
    with dag() as made:
        WorkflowStatesOperator(task_id="a", states=json.dumps({"A": END}))
    read = dag_serialization().from_dict(dag_serialization().to_dict(made)).task_dict["a"]
    assert read.reschedule is True
    assert "ReadyToRescheduleDep" in {type(dep).__name__ for dep in read.deps}
