"""Creates, starts, watches, updates and deletes this folder's workflow on Amazon MWAA Serverless.

It needs boto3 1.43.124 or newer, and AWS credentials. Where it says what stands in ``deployed.json``, it has written
that itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

FOLDER = Path(__file__).absolute().parent
DEPLOYED = FOLDER / "deployed.json"
ENDED = ("SUCCESS", "FAILED", "TIMEOUT", "STOPPED")
POLL_SECONDS = 30.0
ROLE_SECONDS = 10.0
"""How long a new role takes until services know it."""


class Stop(Exception):
    """Ends the command with a message."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code: 1 where a run has not succeeded, 2 where nothing could be done."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("create", "upload the files, make the role, create the workflow"),
        ("update", "the same again"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--bucket", help="the bucket for its files; update knows that of create")
        command.add_argument("--role", help="the ARN of a role that there is; by default one is made")
    start = commands.add_parser("start", help="start a run and watch it")
    start.add_argument("--input", default="{}", help="the execution's input as JSON: what differs from the params")
    watch = commands.add_parser("watch", help="wait for the end of a run, and show its tasks")
    watch.add_argument("run", help="the run's id, as start has shown it")
    commands.add_parser("delete", help="delete the workflow, and the role that create has made")
    options = parser.parse_args(arguments)
    try:
        return int(globals()[options.command](options))
    except Stop as problem:
        print(problem, file=sys.stderr)
    except (BotoCoreError, ClientError) as problem:
        print(f"AWS has refused: {problem}", file=sys.stderr)
    return 2


def create(options: argparse.Namespace) -> int:
    """Create the workflow."""
    if DEPLOYED.exists():
        raise Stop(f"The workflow was created, says {DEPLOYED.name}: update it, or delete it")
    if not options.bucket:
        raise Stop("Name the bucket for the workflow's files: --bucket NAME")
    _check_boto3()
    workflow = _read("workflow.json")
    _upload(workflow, options.bucket)
    role = options.role or _make_role(workflow, options.bucket)
    answer = _client().create_workflow(Name=workflow["name"], **_definition(workflow, options.bucket, role))
    made = {"arn": answer["WorkflowArn"], "bucket": options.bucket, "role": role, "made_role": not options.role}
    DEPLOYED.write_text(json.dumps(made, indent=2) + "\n")
    return _show(answer)


def update(options: argparse.Namespace) -> int:
    """Update the workflow: everything is sent again, as the service clears what is left out."""
    deployed = _deployed()
    _check_boto3()
    workflow = _read("workflow.json")
    bucket, role = options.bucket or deployed["bucket"], options.role or deployed["role"]
    _upload(workflow, bucket)
    if deployed["made_role"] and not options.role:
        _put_policy(workflow, bucket)
    answer = _client().update_workflow(WorkflowArn=deployed["arn"], **_definition(workflow, bucket, role))
    DEPLOYED.write_text(json.dumps({**deployed, "bucket": bucket, "role": role}, indent=2) + "\n")
    return _show(answer)


def start(options: argparse.Namespace) -> int:
    """Start a run, and watch it."""
    try:
        given = json.loads(options.input)
    except ValueError as error:
        raise Stop(f"--input is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise Stop("--input: the parameters of a run are a JSON object")
    overrides = {"OverrideParameters": given} if given else {}
    run = _client().start_workflow_run(WorkflowArn=_deployed()["arn"], **overrides)["RunId"]
    print(f"Run {run} is started")
    return _watch(run)


def watch(options: argparse.Namespace) -> int:
    """Watch a run until it ends."""
    return _watch(options.run)


def delete(options: argparse.Namespace) -> int:
    """Delete the workflow, and the role that `create` has made; the files in the bucket stay."""
    deployed, workflow = _deployed(), _read("workflow.json")
    _client().delete_workflow(WorkflowArn=deployed["arn"])
    if deployed["made_role"]:
        iam = boto3.client("iam")
        iam.delete_role_policy(RoleName=workflow["role"], PolicyName="workflow")
        iam.delete_role(RoleName=workflow["role"])
    DEPLOYED.unlink()
    print(f"Deleted. Its files are still in s3://{deployed['bucket']}/{workflow['name']}")
    return 0


def _watch(run: str) -> int:
    """Wait for the end of a run. A run may say SUCCESS though a task has failed: the tasks count."""
    client, arn = _client(), _deployed()["arn"]
    shown = ""
    while True:
        detail = client.get_workflow_run(WorkflowArn=arn, RunId=run)["RunDetail"]
        if detail["RunState"] != shown:
            shown = detail["RunState"]
            print(f"The run is {shown}", flush=True)
        if shown in ENDED:
            break
        time.sleep(POLL_SECONDS)
    if detail.get("ErrorMessage"):
        print(f"  {detail['ErrorMessage']}")
    bad = 0
    for task in _tasks(client, arn, run):
        found = client.get_task_instance(WorkflowArn=arn, RunId=run, TaskInstanceId=task["TaskInstanceId"])
        bad += found["Status"] not in ("SUCCESS", "SKIPPED")
        print(f"  {found['Status']:<16} {found.get('TaskId', task['TaskInstanceId'])}  {found.get('ErrorMessage', '')}")
    if shown == "SUCCESS" and bad:
        print(f"The run says SUCCESS, but {bad} of its tasks have not succeeded: it has failed")
    return 0 if shown == "SUCCESS" and not bad else 1


def _tasks(client: Any, arn: str, run: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        answer = client.list_task_instances(WorkflowArn=arn, RunId=run, **page)
        found += answer.get("TaskInstances", [])
        if not answer.get("NextToken"):
            return found
        page = {"NextToken": answer["NextToken"]}


def _check_boto3() -> None:
    members = _client().meta.service_model.operation_model("CreateWorkflow").input_shape.members
    if "Environment" not in members or "Code" not in members:
        raise Stop(f"boto3 {boto3.__version__} does not know all of a workflow: pip install 'boto3>=1.43.124'")


def _client() -> Any:
    return boto3.client("mwaa-serverless")


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return content


def _deployed() -> dict[str, Any]:
    if not DEPLOYED.exists():
        raise Stop(f"The workflow was not created from this folder, as there is no {DEPLOYED.name}: create it")
    return _read(DEPLOYED.name)


def _upload(workflow: dict[str, Any], bucket: str) -> None:
    s3 = boto3.client("s3")
    for name, key in workflow["files"].items():
        s3.put_object(Bucket=bucket, Key=key, Body=(FOLDER / name).read_bytes())
        print(f"Uploaded s3://{bucket}/{key}")


def _make_role(workflow: dict[str, Any], bucket: str) -> str:
    trust = json.dumps(_read("trust.json"))
    role = boto3.client("iam").create_role(RoleName=workflow["role"], AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    _put_policy(workflow, bucket)
    print(f"Made the role {role}")
    time.sleep(ROLE_SECONDS)
    return str(role)


def _put_policy(workflow: dict[str, Any], bucket: str) -> None:
    policy = json.dumps(_read("policy.json")).replace("BUCKET", bucket)
    boto3.client("iam").put_role_policy(RoleName=workflow["role"], PolicyName="workflow", PolicyDocument=policy)


def _definition(workflow: dict[str, Any], bucket: str, role: str) -> dict[str, Any]:
    files = workflow["files"]
    found: dict[str, Any] = {
        "RoleArn": role,
        "DefinitionS3Location": {"Bucket": bucket, "ObjectKey": files["workflow.yaml"]},
    }
    if "code.zip" in files:
        found["Code"] = {"S3Location": {"Bucket": bucket, "ObjectKey": files["code.zip"]}}
    if workflow["environment"]:
        variables = {name: text.replace("${Bucket}", bucket) for name, text in workflow["environment"].items()}
        found["Environment"] = {"Variables": variables}
    return found


def _show(answer: dict[str, Any]) -> int:
    """Show what the service has made, and what it drops of the workflow."""
    print(f"Workflow {answer['WorkflowArn']}, version {answer.get('WorkflowVersion', '?')}")
    for warning in answer.get("Warnings") or ():
        print(f"Warning of the service: {warning}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
