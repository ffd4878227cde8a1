"""What ``sfn-provider package --target mwaa-serverless`` writes, and what it refuses to."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from sfn_provider.cli import run_command
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa import bundle as environment_bundle
from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.serverless import bundle as workflow_bundle
from sfn_provider.mwaa.serverless import code_archive
from sfn_provider.mwaa.serverless.bundle import WorkflowBundle, make_workflow_bundle
from sfn_provider.mwaa.wheels import Wheel, package_files
from sfn_provider.mwaa.zip_archive import make_zip
from sfn_provider.runtime.stores.workflow_storage import STORAGE_VARIABLE
from sfn_provider.translate import translate
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.golden import DAGS

SALES = str(DAGS / "sales_pipeline.asl.json")
LINE = machine({"A": call("B"), "B": call()})
BRANCH = machine({"A": choose("$.a", {"x": "B"}, "C"), "B": call(), "C": END})


CODE = b"a code package"


@pytest.fixture(autouse=True)
def _no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code package is made once, by another fixture: it takes seconds."""
    monkeypatch.setattr(workflow_bundle, "make_code_archive", lambda: CODE)


@pytest.fixture(scope="module")
def code() -> Iterator[bytes]:
    """The code package. No wheel is downloaded: those that this Python cannot have for the service's are made up."""

    def made_up(name: str, version: str, image: Image) -> Wheel:
        assert image.python == "3.12"
        files = {f"{name}/__init__.py": b"", f"{name}-{version}.data/purelib/{name}_core.py": b""}
        return Wheel(f"{name}-{version}-cp312.whl", make_zip(files))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment_bundle, "download_wheel", made_up)
        yield code_archive.make_code_archive()


def bundle(definition: Any, name: str = "orders", **options: Any) -> WorkflowBundle:
    return make_workflow_bundle(translate(definition, dag_id=name, target="mwaa-serverless", **options))


def test_a_workflow_of_operators_has_no_code_and_no_storage() -> None:
    files = bundle(LINE).files
    assert [*files] == [
        *("README.md", "manage.py", "policy.json", "template.yaml", "trust.json", "workflow.json", "workflow.yaml")
    ]
    assert STORAGE_VARIABLE.encode() not in files["README.md"] + files["template.yaml"]
    assert b"runs" not in files["policy.json"]


def test_the_code_package_has_modules_at_its_root_and_nothing_that_loads_a_plugin(code: bytes) -> None:
    archive = ZipFile(BytesIO(code))
    names = archive.namelist()
    assert {*package_files(), "jsonata/__init__.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "airflow_provider_sfn" in name or ".data/" in name]
    folders = {name.partition("/")[0] for name in names if "/" in name}
    assert {*archive.read(".airflowignore").decode().split()} == {f"{folder}/" for folder in folders}
    assert "regex" in folders and "airflow" not in folders


def test_the_same_input_gives_the_same_bytes() -> None:
    files = [*bundle(BRANCH).files.items()]
    assert files == [*bundle(BRANCH).files.items()]
    assert files == sorted(files) and ("code.zip", CODE) in files


def test_a_package_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_archive, "MAX_BYTES", 1000)
    monkeypatch.setattr(code_archive, "package_files", lambda: {"sfn_provider/__init__.py": b"x" * 2000})
    monkeypatch.setattr(code_archive, "make_missing_wheels", lambda *arguments, offline: [])
    with pytest.raises(UsageError, match="more than the 1,000 bytes that MWAA Serverless takes"):
        code_archive.make_code_archive()


def statements(made: WorkflowBundle) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(made.files["policy.json"])["Statement"]}


def test_the_role_may_do_what_the_workflow_does() -> None:
    found = statements(bundle(BRANCH))
    assert found["InvokeFunctions"]["Resource"][0] == "arn:aws:lambda:us-east-1:123456789012:function:work"
    assert found["ReadWorkflow"]["Resource"] == ["arn:aws:s3:::BUCKET/orders/*"]
    assert found["StoreRuns"]["Resource"] == ["arn:aws:s3:::BUCKET/orders/runs/*"]
    assert found["FindRuns"]["Action"] == ["s3:ListBucket"]
    assert found["WriteLogs"]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert "PassRoles" not in found


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    return machine(
        {"A": {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters} | {"End": True}}
    )


ACTIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an operator reads the job": (task("glue:startJobRun.sync", JobName="j"), "operators", "glue:GetJob"),
    "code finds lost jobs again": (task("glue:startJobRun.sync", JobName="j"), "code", "glue:GetJobRuns"),
    "a job is polled": (task("glue:startJobRun.sync", JobName="j"), "code", "glue:GetJobRun"),
}


@pytest.mark.parametrize("case", ACTIONS)
def test_what_is_called_beside_the_action_is_allowed(case: str) -> None:
    definition, way, action = ACTIONS[case]
    found = statements(bundle(definition, way=way))["CallGlue"]
    assert action in found["Action"] and found["Resource"] == ["arn:aws:glue:*:*:job/j"]


ROLES: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "that of a task definition": (task("ecs:runTask", TaskDefinition="t"), "PassRolesOfTaskDefinitions", ["*"]),
    "a parameter": (
        task("elasticmapreduce:createCluster", Name="c", ServiceRole="s", JobFlowRole="j", Instances={}),
        "PassRoles",
        ["arn:aws:iam::*:role/j", "arn:aws:iam::*:role/s"],
    ),
}


@pytest.mark.parametrize("case", ROLES)
def test_a_role_that_is_passed_on_is_allowed(case: str) -> None:
    definition, sid, resources = ROLES[case]
    found = statements(bundle(definition))[sid]
    assert (found["Action"], found["Resource"]) == (["iam:PassRole"], resources)


def test_a_resource_that_is_known_only_in_a_run_is_a_wildcard_with_a_warning() -> None:
    made = bundle(task("glue:startJobRun.sync", **{"JobName.$": "$.job"}), way="code")
    assert statements(made)["CallGlue"]["Resource"] == ["*"]
    [message] = [found.message for found in made.diagnostics if found.code == "IAM_WILDCARD"]
    assert "the statement CallGlue" in message and "/States/A: glue:startJobRun.sync: its JobName is known" in message


def test_a_resource_without_a_value_is_a_wildcard_or_named() -> None:
    arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:123456789012:function:work"
    made = bundle(machine({"A": {**call("B"), "Resource": arn}, "B": {**call(), "Resource": "${Function.Arn}"}}))
    assert statements(made)["InvokeFunctions"]["Resource"][0] == "arn:aws:lambda:*:123456789012:function:work"
    [left_out] = [found.message for found in made.diagnostics if found.code == "POLICY_INCOMPLETE"]
    assert "${Function.Arn}" in left_out


@pytest.mark.parametrize("definition", [LINE, BRANCH], ids=["operators", "code"])
def test_the_template_and_the_commands_agree(definition: dict[str, Any]) -> None:
    files = bundle(definition).files
    template = yaml.safe_load(files["template.yaml"])
    properties = template["Resources"]["Workflow"]["Properties"]
    key = properties["DefinitionS3Location"]["ObjectKey"]
    assert re.fullmatch(r"orders/[0-9a-f]{12}/workflow.yaml", key)
    read = json.loads(files["workflow.json"])
    assert key == read["files"]["workflow.yaml"]
    assert f'aws s3 cp workflow.yaml "s3://$BUCKET/{key}"' in files["README.md"].decode()
    assert ("Code" in properties) is ("code.zip" in files) is ("Environment" in properties)
    variables = properties.get("Environment", {}).get("Variables", {})
    assert variables == {name: {"Fn::Sub": text} for name, text in read["environment"].items()}
    assert read["environment"] == ({STORAGE_VARIABLE: "s3://${Bucket}/orders/runs"} if "code.zip" in files else {})
    [policy] = template["Resources"]["Role"]["Properties"]["Policies"]
    written = json.dumps(policy["PolicyDocument"]).replace("${Bucket}", "BUCKET")
    named = re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", written)
    assert json.loads(named) == json.loads(files["policy.json"])


@pytest.mark.parametrize("definition", [LINE, BRANCH], ids=["operators", "code"])
def test_the_steps_are_commands_for_a_shell(definition: dict[str, Any]) -> None:
    made = bundle(definition, schedule="@daily", params={"it's": "$HOME"})
    steps = "\n".join(made.files["README.md"].decode().split("```")[1::2])
    subprocess.run(["bash", "-n"], input=steps, text=True, check=True)
    assert 'start --input \'{"it\\u0027s": "$HOME"}\'' in steps


def test_a_name_that_the_service_would_refuse_is_refused() -> None:
    made = bundle(LINE, name="_orders")
    assert not made.files
    assert made.diagnostics[-1].code == "WORKFLOW_NAME"


def test_what_is_no_workflow_is_refused() -> None:
    with pytest.raises(ValueError, match="orders was not translated for MWAA Serverless"):
        make_workflow_bundle(translate(LINE, dag_id="orders"))


# The command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str, list[str]]]:
    """Runs the command with a definition; gives code, output, errors and the files that were written."""

    def run(definition: Any, *options: str) -> tuple[int, str, str, list[str]]:
        file, folder = tmp_path / "orders.asl.json", tmp_path / "out"
        file.write_text(json.dumps(definition))
        code = run_command(["package", str(file), "--target", "mwaa-serverless", "-o", str(folder), *options])
        out, err = capsys.readouterr()
        return code, out, err, sorted(path.name for path in folder.glob("*"))

    return run


def test_a_workflow_is_written(command: Any) -> None:
    code, _, err, files = command(LINE)
    assert (code, len(files)) == (0, 8) and ".sfn-provider.json" in files
    assert "The steps from here are in" in err


def test_nothing_is_written_of_what_cannot_run_there(command: Any) -> None:
    token = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": True}
    code, _, err, files = command(machine({"A": token}))
    assert (code, files) == (1, [])
    assert "TASK_TOKEN /States/A" in err and "Refused: nothing is written" in err


def test_check_only_tells(command: Any) -> None:
    code, _, err, files = command(LINE, "--check")
    assert (code, files) == (0, []) and "All of it would work there" in err


def test_what_was_made_is_told_as_json(command: Any) -> None:
    code, out, _, _ = command(BRANCH, "--json", "--tasks", "segment", "--dag-id", "other")
    told = json.loads(out)
    assert (code, told["name"], told["way"], "code.zip" in told["files"]) == (0, "other", "code", True)


def test_files_that_were_changed_or_are_of_others_are_not_written_over(command: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    readme = tmp_path / "out" / "README.md"
    readme.write_text("of others")
    code, _, err, files = command(LINE)
    assert (code, files, readme.read_text()) == (2, ["README.md"], "of others")
    assert "README.md is not as this command has written it; add --overwrite" in err
    assert command(LINE, "--overwrite")[0] == 0 and "MWAA Serverless" in readme.read_text()
    assert command(BRANCH)[0] == 0
    (tmp_path / "out" / "policy.json").write_text("{}")
    assert command(BRANCH)[0] == 2


def test_a_code_package_that_is_not_needed_any_more_is_removed(command: Any, tmp_path: Path) -> None:
    assert "code.zip" in command(BRANCH)[3]
    assert "code.zip" not in command(LINE)[3]
    (tmp_path / "out" / "code.zip").write_bytes(b"of others")
    assert "code.zip" in command(LINE)[3]


def test_a_folder_from_which_another_workflow_was_created_is_refused(command: Any, tmp_path: Path) -> None:
    command(LINE)
    deployed = tmp_path / "out" / "deployed.json"
    deployed.write_text('{"name": "orders"}')
    assert command(BRANCH)[0] == 0
    code, _, err, _ = command(LINE, "--dag-id", "other", "--overwrite")
    assert code == 2 and "the workflow orders was created from it" in err and "--dag-id orders" in err
    assert json.loads((tmp_path / "out" / "workflow.json").read_text())["name"] == "orders"
    deployed.write_text("[]")
    assert "is not as manage.py has written it" in command(LINE)[2]


MISUSES: dict[str, tuple[list[str], str]] = {
    "no definition": (["--target", "mwaa-serverless", "--check"], "name the definition"),
    "an environment's option": (
        [SALES, "--target", "mwaa-serverless", "--check", "--offline"],
        "--offline: for an environment alone",
    ),
    "a definition for an environment": (
        [SALES, "--airflow-version", "3.0.6", "--check"],
        "add --target mwaa-serverless",
    ),
    "neither": (["--check"], "--airflow-version, or a definition with --target mwaa-serverless"),
    "an input that is no object": (
        [SALES, "--target", "mwaa-serverless", "--check", "--input", "[1]"],
        "are a JSON object",
    ),
    "a past start": (
        [SALES, "--target", "mwaa-serverless", "--check", "--start-date", "2020-01-01"],
        "it is not in the future",
    ),
    "a start that is no date": (
        [SALES, "--target", "mwaa-serverless", "--check", "--start-date", "soon"],
        "write a date such as 2027-01-31",
    ),
    "nowhere to write": ([SALES, "--target", "mwaa-serverless"], "give the folder to write to"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_a_misuse_says_what_to_do(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    options, message = MISUSES[case]
    assert run_command(["package", *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--style", "native"], ["--airflow-version", "3.0.6"], ["--param", "a={{ ds }}"]])
def test_translate_refuses_what_a_workflow_does_not_have(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["translate", SALES, "--target", "mwaa-serverless", *options]) == 2
    assert "--way operators is what --style native is elsewhere" in capsys.readouterr().err


def test_translate_reports_what_becomes_of_each_state(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["translate", SALES, "--target", "mwaa-serverless", "--way", "operators", "--report"]) == 0
    shown = capsys.readouterr().out
    assert "Workflow sales_pipeline of MWAA Serverless, by installed operators alone: 8 states in 8 tasks" in shown
    assert re.search(r"QualityPassed\? +Choice +branch +BranchPythonOperator +QualityPassed", shown)
