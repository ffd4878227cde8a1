"""Makes the files of a workflow: YAML, code package, IAM policies, README, CloudFormation template."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.serverless.code_archive import make_code_archive
from sfn_provider.mwaa.serverless.iam import TRUST, make_role_policy
from sfn_provider.mwaa.serverless.readme import render_readme, role_name
from sfn_provider.mwaa.serverless.template import make_template
from sfn_provider.runtime.stores.workflow_storage import STORAGE_VARIABLE
from sfn_provider.translate import Translation
from sfn_provider.translate.serverless.workflow import Workflow

_NAME: Final = re.compile(r"[a-zA-Z0-9]+[a-zA-Z0-9.\-_]*")
"""What a workflow may be named. Source: the API's model, CreateWorkflow."""

_MAX_NAME: Final = 255

CODE_FILE: Final = "code.zip"
"""The code package: the file that not every workflow has."""

DEPLOYED_FILE: Final = "deployed.json"
"""What ``manage.py`` writes beside the files: what it has made."""


@dataclass(frozen=True, slots=True)
class WorkflowBundle:
    """The files of a workflow.

    Args:
        files: the content by path below the output folder; empty where the workflow cannot be.
        diagnostics: what stops it, and what a user should know.
    """

    files: dict[str, bytes]
    diagnostics: tuple[Diagnostic, ...]


def make_workflow_bundle(translation: Translation) -> WorkflowBundle:
    """Make the files of a workflow; the same input gives the same bytes.

    Args:
        translation: a machine, translated for MWAA Serverless.

    Raises:
        ValueError: it was translated for something else.
        UsageError: the code package cannot be made, as a dependency of this package cannot be had.
    """
    workflow = translation.workflow
    if workflow is None:
        raise ValueError(f"{translation.plan.dag_id} was not translated for MWAA Serverless")
    diagnostics = [*translation.diagnostics, *_check_name(workflow.name)]
    if any(found.level == "error" for found in diagnostics):
        return WorkflowBundle({}, tuple(diagnostics))
    uploaded = {"workflow.yaml": translation.source.encode()}
    if workflow.way == "code":
        uploaded[CODE_FILE] = make_code_archive()
    digest = sha256(b"".join(sha256(content).digest() for content in uploaded.values())).hexdigest()[:12]
    # A new folder for each content: CloudFormation updates a workflow only where a property changes.
    keys = {name: f"{workflow.name}/{digest}/{name}" for name in uploaded}
    variables = {STORAGE_VARIABLE: f"s3://${{Bucket}}/{workflow.name}/runs"} if workflow.way == "code" else {}
    policy, warnings = make_role_policy(workflow, translation.plan.machine)
    in_template, _ = make_role_policy(workflow, translation.plan.machine, "${Bucket}")
    files = uploaded | {
        "policy.json": _json(policy),
        "trust.json": _json(TRUST),
        "manage.py": Path(__file__).with_name("manage.py").read_bytes(),
        "workflow.json": _json(
            {
                "name": workflow.name,
                "role": role_name(workflow),
                "files": keys,
                "environment": variables,
                "catches": _find_catches(workflow),
            }
        ),
        "README.md": render_readme(workflow, keys, translation.findings).encode(),
        "template.yaml": make_template(workflow, in_template, keys, variables).encode(),
    }
    return WorkflowBundle(dict(sorted(files.items())), (*diagnostics, *warnings))


def check_deployed(folder: Path, name: str) -> None:
    """Check that no other workflow was created from a folder: its files would be lost, and it updated to be another.

    Args:
        folder: the folder, which need not exist.
        name: the workflow whose files are to be written into it.

    Raises:
        UsageError: another was, or what ``manage.py`` has written there cannot be read.
    """
    file = folder / DEPLOYED_FILE
    if not file.exists():
        return
    try:
        deployed = json.loads(file.read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: is not as manage.py has written it ({error!r}); name another folder") from error
    if deployed != name:
        raise UsageError(
            f"{folder}: the workflow {deployed} was created from it, says {DEPLOYED_FILE}, and this one is {name}. "
            f"Name another folder with -o, or its name with --dag-id {deployed}. Nothing is written"
        )


def _find_catches(workflow: Workflow) -> dict[str, list[str]]:
    """Return the tasks that run where a task has failed, by its id: those that a Catch leads to."""
    found: dict[str, list[str]] = {}
    for task in workflow.tasks:
        for before in task.upstream if task.trigger_rule == "one_failed" else ():
            found.setdefault(before, []).append(task.task_id)
    return found


def _check_name(name: str) -> list[Diagnostic]:
    if _NAME.fullmatch(name) and len(name) <= _MAX_NAME:
        return []
    message = f"{name!r} is no name of a workflow: begin with a letter or a digit; give another one with --dag-id"
    return [Diagnostic("error", "WORKFLOW_NAME", message)]


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
