"""Creates, starts, watches, updates and deletes this folder's workflow on Amazon MWAA Serverless.

It needs boto3 1.43.124 or newer, and AWS credentials. It notes in ``deployed.json`` what it has made, step by step:
after a failure each command can be given again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NEEDED = "pip install 'boto3>=1.43.124'"

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError
except ImportError as missing:
    print(f"manage.py needs boto3 ({missing}): {NEEDED}", file=sys.stderr)
    sys.exit(2)

FOLDER = Path(__file__).absolute().parent
DEPLOYED = FOLDER / "deployed.json"
ENDED = ("SUCCESS", "FAILED", "TIMEOUT", "STOPPED")
NOT_SUCCEEDED = ("FAILED", "TIMEOUT", "CANCELLED")
"""Statuses of a task that has run and did not succeed; of the others, all but SUCCESS say that it has not run."""
GONE = ("ResourceNotFoundException", "NoSuchEntity")
BUCKET = "arn:aws:s3:::BUCKET"
"""Stands in ``policy.json`` for the bucket's ARN."""
POLL_SECONDS = 30.0
ROLE_SECONDS = 10.0
"""How long a new role takes until services know it."""


class Stop(Exception):
    """Ends the command with a message."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code: 1 where a run has not succeeded, 2 where nothing could be done."""
    options = _parse(arguments)
    try:
        return int(globals()[options.command](options))
    except Stop as problem:
        print(problem, file=sys.stderr)
    except ClientError as problem:
        print(f"AWS has refused: {problem}", file=sys.stderr)
    except BotoCoreError as problem:
        print(f"AWS cannot be asked: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)
        return 130
    return 2


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("create", "upload the files, make the role, create the workflow"),
        ("update", "the same again"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--bucket", help="the bucket for its files; update knows that of create")
        command.add_argument("--role", help="the ARN of a role that there is; by default one is made")
        if name == "create":
            command.add_argument("--workflow", help="the ARN of the workflow, where deployed.json was lost")
    start = commands.add_parser("start", help="start a run and watch it")
    start.add_argument("--input", default="{}", help="the execution's input as JSON: what differs from the params")
    watch = commands.add_parser("watch", help="wait for the end of a run, and show its tasks")
    watch.add_argument("run", help="the run's id, as start has shown it")
    commands.add_parser("delete", help="delete the workflow, and the role that create has made")
    return parser.parse_args(arguments)


def create(options: argparse.Namespace) -> int:
    """Create the workflow, or go on where that has failed."""
    workflow = _read("workflow.json")
    made = _read(DEPLOYED.name) if DEPLOYED.exists() else {"name": workflow["name"], "made_role": None}
    _check_name(made, workflow)
    if "arn" in made:
        raise Stop(f"The workflow was created, says {DEPLOYED.name}: update it, or delete it")
    bucket = options.bucket or made.get("bucket")
    if not bucket:
        raise Stop("Name the bucket for the workflow's files: --bucket NAME")
    _check_boto3()
    if options.workflow:
        _check_workflow(options.workflow, workflow)
    _upload(workflow, bucket)
    made["bucket"] = bucket
    made["role"] = options.role or _make_role(workflow, made)
    _note(made)
    answer = _send_new(workflow, made, options.workflow)
    _note({**made, "arn": answer["WorkflowArn"]})
    return _show(answer)


def _send_new(workflow: dict[str, Any], made: dict[str, Any], arn: str | None) -> dict[str, Any]:
    """Create the workflow, or update that which is there by an ARN."""
    definition = _definition(workflow, made["bucket"], made["role"])
    if arn:
        return dict(_client(arn).update_workflow(WorkflowArn=arn, **definition))
    try:
        return dict(_client().create_workflow(Name=workflow["name"], **definition))
    except ClientError as problem:
        if _code(problem) != "ConflictException":
            raise
        raise Stop(
            f"AWS has refused: {problem}\nIf a workflow {workflow['name']} is there and is this folder's, give create "
            "again with --workflow ARN (aws mwaa-serverless list-workflows shows it). If it is another's, delete what "
            "this has made, and make the files with another --dag-id"
        ) from None


def _check_workflow(arn: str, workflow: dict[str, Any]) -> None:
    """Check that an ARN is that of a workflow with this folder's name."""
    if arn.count(":") < 5:
        raise Stop(f"--workflow: {arn} is no ARN")
    found = _client(arn).get_workflow(WorkflowArn=arn).get("Name")
    if found != workflow["name"]:
        raise Stop(f"--workflow: {arn} is the workflow {found}; the files here are those of {workflow['name']}")


def update(options: argparse.Namespace) -> int:
    """Update the workflow: everything is sent again, as the service clears what is left out."""
    deployed, workflow = _deployed(), _read("workflow.json")
    _check_name(deployed, workflow)
    _check_boto3()
    bucket, role = options.bucket or deployed["bucket"], options.role or deployed["role"]
    _upload(workflow, bucket)
    if deployed["made_role"] and role.endswith(f"/{deployed['made_role']}"):
        _put_policy(deployed["made_role"], bucket)
    arn = deployed["arn"]
    answer = _client(arn).update_workflow(WorkflowArn=arn, **_definition(workflow, bucket, role))
    _note({**deployed, "bucket": bucket, "role": role})
    return _show(answer)


def start(options: argparse.Namespace) -> int:
    """Start a run, and watch it."""
    try:
        given = json.loads(options.input)
    except ValueError as error:
        raise Stop(f"--input is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise Stop("--input: the parameters of a run are a JSON object")
    arn = _deployed()["arn"]
    overrides = {"OverrideParameters": given} if given else {}
    run = _client(arn).start_workflow_run(WorkflowArn=arn, **overrides)["RunId"]
    print(f"Run {run} is started")
    return _watch(run)


def watch(options: argparse.Namespace) -> int:
    """Watch a run until it ends."""
    return _watch(options.run)


def delete(options: argparse.Namespace) -> int:
    """Delete the workflow, and the role that `create` has made, unless they are gone; the files in the bucket stay."""
    if not DEPLOYED.exists():
        raise Stop(f"Nothing was created from this folder, as there is no {DEPLOYED.name}")
    deployed = _read(DEPLOYED.name)
    if "arn" in deployed:
        _remove(_client(deployed["arn"]).delete_workflow, WorkflowArn=deployed["arn"])
    if deployed["made_role"]:
        iam = boto3.client("iam")
        _remove(iam.delete_role_policy, RoleName=deployed["made_role"], PolicyName="workflow")
        _remove(iam.delete_role, RoleName=deployed["made_role"])
    DEPLOYED.unlink()
    print(f"Deleted. Its files are still in s3://{deployed['bucket']}/{deployed['name']}")
    return 0


def _remove(call: Callable[..., Any], **named: str) -> None:
    try:
        call(**named)
    except ClientError as problem:
        if _code(problem) not in GONE:
            raise


def _watch(run: str) -> int:
    """Wait for the end of a run; where that is broken off, say that the run is not."""
    try:
        return _watch_to_end(run)
    except (BotoCoreError, ClientError, KeyboardInterrupt) as problem:
        if _code(problem) not in GONE:
            print(f"This does not stop the run. Watch it again: manage.py watch {run}", file=sys.stderr)
        raise


def _watch_to_end(run: str) -> int:
    """Wait for the end of a run. A run may say SUCCESS though a task has failed: the tasks count."""
    arn = _deployed()["arn"]
    client = _client(arn)
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
    statuses = _show_tasks(client, arn, run)
    bad = len(_failed(statuses))
    if shown == "SUCCESS" and bad:
        print(f"The run says SUCCESS, but not all of its tasks have succeeded ({bad}): it has failed")
    elif shown == "SUCCESS" and "SUCCESS" not in statuses.values():
        print("The run says SUCCESS, but none of its tasks has run: it has failed")
    return 0 if shown == "SUCCESS" and not bad and "SUCCESS" in statuses.values() else 1


def _failed(statuses: dict[str, str]) -> list[str]:
    """Return the tasks that have failed, but those whose error a Catch has taken: the task behind that succeeded."""
    catches = _read("workflow.json")["catches"]
    return [
        task
        for task, status in statuses.items()
        if status in NOT_SUCCEEDED and "SUCCESS" not in [statuses.get(behind) for behind in catches.get(task, ())]
    ]


def _show_tasks(client: Any, arn: str, run: str) -> dict[str, str]:
    """Show the tasks of a run, of several attempts the last one each, and return their statuses."""
    last: dict[str, dict[str, Any]] = {}
    for task in _tasks(client, arn, run):
        found = client.get_task_instance(WorkflowArn=arn, RunId=run, TaskInstanceId=task["TaskInstanceId"])
        name = found.get("TaskId") or task["TaskInstanceId"]
        if name not in last or (found.get("AttemptNumber") or 0) >= (last[name].get("AttemptNumber") or 0):
            last[name] = found
    for name, found in last.items():
        print(f"  {found.get('Status') or 'NONE':<16} {name}  {found.get('ErrorMessage') or ''}")
    return {name: found.get("Status") or "NONE" for name, found in last.items()}


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
        raise Stop(f"boto3 {boto3.__version__} does not know all of a workflow: {NEEDED}")


def _client(arn: str = "") -> Any:
    """Return a client of the service, in the Region of a workflow if one is given; it tries again where throttled."""
    config = Config(retries={"mode": "standard", "max_attempts": 10})
    try:
        return boto3.client("mwaa-serverless", region_name=arn.split(":")[3] if arn else None, config=config)
    except UnknownServiceError:
        raise Stop(f"boto3 {boto3.__version__} does not know MWAA Serverless: {NEEDED}") from None


def _code(problem: BaseException) -> str:
    """Return AWS's code of an error; empty for other exceptions."""
    return str(problem.response["Error"]["Code"]) if isinstance(problem, ClientError) else ""


def _read(name: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((FOLDER / name).read_text())
    except (OSError, ValueError) as error:
        raise Stop(f"{name} cannot be read: {error}") from None
    return content


def _note(made: dict[str, Any]) -> None:
    """Note in ``deployed.json`` what was made."""
    DEPLOYED.write_text(json.dumps(made, indent=2) + "\n")


def _deployed() -> dict[str, Any]:
    if not DEPLOYED.exists():
        raise Stop(f"The workflow was not created from this folder, as there is no {DEPLOYED.name}: create it")
    found = _read(DEPLOYED.name)
    if "arn" not in found:
        raise Stop(f"The workflow is not created yet, says {DEPLOYED.name}: give create again, or delete")
    return found


def _check_name(deployed: dict[str, Any], workflow: dict[str, Any]) -> None:
    if deployed["name"] != workflow["name"]:
        raise Stop(
            f"{DEPLOYED.name} is that of the workflow {deployed['name']}, the files here are those of "
            f"{workflow['name']}: make them in a folder of their own, or delete {deployed['name']} first"
        )


def _upload(workflow: dict[str, Any], bucket: str) -> None:
    s3 = boto3.client("s3")
    for name, key in workflow["files"].items():
        s3.put_object(Bucket=bucket, Key=key, Body=(FOLDER / name).read_bytes())
        print(f"Uploaded s3://{bucket}/{key}")


def _make_role(workflow: dict[str, Any], made: dict[str, Any]) -> str:
    """Make the role, or take that which an earlier `create` has made; note it, and give it its policy."""
    iam, name = boto3.client("iam"), workflow["role"]
    region = _client().meta.region_name
    description = f"Role of the workflow {workflow['name']} of MWAA Serverless in {region}, made by manage.py"
    try:
        trust = json.dumps(_read("trust.json"))
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Description=description)["Role"]
        print(f"Made the role {role['Arn']}")
    except ClientError as problem:
        if _code(problem) != "EntityAlreadyExists":
            raise
        role = iam.get_role(RoleName=name)["Role"]
        if role.get("Description") != description:
            raise Stop(
                f"The role {name} is there, and was not made by this for this workflow. Use one: --role {role['Arn']}"
            ) from None
        print(f"Took the role {role['Arn']}, which was made before")
    made.update(role=role["Arn"], made_role=name)
    _note(made)
    _put_policy(name, made["bucket"])
    time.sleep(ROLE_SECONDS)
    return str(role["Arn"])


def _put_policy(role: str, bucket: str) -> None:
    policy = _with_bucket(_read("policy.json"), bucket)
    boto3.client("iam").put_role_policy(RoleName=role, PolicyName="workflow", PolicyDocument=json.dumps(policy))


def _with_bucket(value: Any, bucket: str) -> Any:
    """Return a policy in which the bucket stands in the place of `BUCKET`, and nothing else is changed."""
    if isinstance(value, dict):
        return {name: _with_bucket(entry, bucket) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_bucket(entry, bucket) for entry in value]
    if isinstance(value, str) and value.partition("/")[0] == BUCKET:
        return value.replace(BUCKET, f"arn:aws:s3:::{bucket}", 1)
    return value


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
