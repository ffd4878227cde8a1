"""Writes the README.md beside a workflow: how to create, start, watch, update and delete it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from string import Template
from typing import Final

from sfn_provider import __version__
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.serverless.workflow import Workflow

_TEXT: Final = Template("""# The workflow $name of Amazon MWAA Serverless

Made by airflow-provider-sfn $version. $way

| File | What |
|---|---|
| `workflow.yaml` | the workflow |
$code| `policy.json` | what its role may do; `BUCKET` stands for your bucket |
| `trust.json` | who may take the role: the service |
| `manage.py`, `workflow.json` | does the steps below by boto3, and what it reads |
| `deployed.json` | written by `manage.py`: what it has made. Keep it, or commit it: `update` and `delete` need it |
| `template.yaml` | the role and the workflow for CloudFormation |

You need an account of AWS, and a bucket in the Region of the workflow whose public access is blocked. You yourself must
be allowed `airflow-serverless:*`, `iam:CreateRole`, `iam:GetRole`, `iam:PutRolePolicy`, `iam:DeleteRolePolicy`,
`iam:DeleteRole` and `iam:PassRole` for the role, `iam:CreateServiceLinkedRole`, `s3:PutObject`, `s3:GetObject` and
`s3:GetObjectVersion` in the bucket, `logs:CreateLogGroup` and `logs:DescribeLogGroups`. Run the steps in the folder of
this file, with your bucket's name. A virtual environment of their own is best: that of airflow-provider-sfn may have an
older boto3, which Airflow's other packages need.

```
pip install 'boto3>=1.43.124'
BUCKET=my-bucket
```

## 1. Create

The command that made these files has a warning, IAM_WILDCARD, for each `"*"` among the resources of `policy.json` and
`template.yaml` that you can replace by ARNs first.

```
python manage.py create --bucket "$$BUCKET"
```

It uploads the files, makes the role `$role`, and creates the workflow. `--role ARN` takes a role that
there is. Warnings of the service say what it drops of the workflow: there should be none.

Where it fails on the way, give it again: it goes on with what was made, or `delete` clears that up. A role of that name
that `create` has not made for this workflow is not touched. Where `deployed.json` was lost, `--workflow ARN` takes over
the workflow that is there; `aws mwaa-serverless list-workflows` shows its ARN.

Or by CloudFormation, in place of `manage.py`:

```
$upload
aws cloudformation deploy --stack-name "$stack" --template-file template.yaml --capabilities CAPABILITY_IAM \\
    --parameter-overrides "Bucket=$$BUCKET"
```

## 2. Start

The execution's input is given as parameters that override those in `workflow.yaml`: JSON, not `@file`, but
`"$$(cat FILE)"` of the shell will do.$schedule

```
python manage.py start --input '$input'
```

## 3. Watch

`start` waits for the end of the run, and shows the status and the error of each task. So does this, for any run:

```
python manage.py watch RUN
```

Both exit with 1 where a task has failed whose error no Catch has taken, or none has succeeded, whatever the run says:
the service may say SUCCESS. It has no status for skipped tasks: any but SUCCESS, FAILED, TIMEOUT and CANCELLED is that
of a task that has not run. Ctrl-C ends the command, not the run. The logs are in the log group `/aws/mwaa-serverless/`.
$tokens
## 4. Update

Make the files again into this folder, under the same name: that of the definition's file, or `--dag-id`. A file that
you have changed, such as `policy.json`, is written over only with `--overwrite`: make your changes again. Everything
is sent again, as the service clears what is left out.

```
python manage.py update
```

## 5. Delete

The files in the bucket stay. Where it fails on the way, give it again: what is gone already is no error.

```
python manage.py delete
```

## What is different

$findings
""")

_WAYS: Final = {
    "operators": "It runs operators that the service has installed; it has no code of its own.",
    "code": "It runs the states by this package, which is in `code.zip`: as Step Functions does, with its errors, "
    "retries and data. A task whose states are not chosen ends at once, successfully and without a result: the "
    "service shows no skipped tasks.",
}

_TOKENS: Final = """
The XCom `return_value` of a task is its state's output, and `token` names the state that comes next. A task without a
token was not chosen. Outputs too large for an XCom, and what tasks that wait have to remember, are in
`s3://$BUCKET/NAME/runs`: let a lifecycle rule of the bucket remove them.
"""


def render_readme(workflow: Workflow, keys: Mapping[str, str], findings: Sequence[Finding]) -> str:
    """Render the README.md.

    Args:
        workflow: the workflow.
        keys: the keys of the workflow's files in the bucket, by name of the file.
        findings: what is different to the state machine.
    """
    has_code = workflow.way == "code"
    params = workflow.settings.get("params") or {}
    scheduled = workflow.settings.get("schedule")
    when = f" It also runs by its schedule, `{scheduled}` in UTC, with these." if scheduled else ""
    return _TEXT.substitute(
        name=workflow.name,
        version=__version__,
        way=_WAYS[workflow.way],
        code=_code_row(has_code),
        role=role_name(workflow),
        stack=workflow.name.replace("_", "-").replace(".", "-"),
        upload="\n".join(f'aws s3 cp {name} "s3://$BUCKET/{key}"' for name, key in keys.items()),
        input=json.dumps(params, ensure_ascii=True).replace("'", "\\u0027") if params else "{}",
        schedule=when,
        tokens=_TOKENS.replace("NAME", workflow.name) if has_code else "",
        findings="\n".join(f"- {finding}" for finding in findings) or "Nothing.",
    )


def _code_row(has_code: bool) -> str:
    return "| `code.zip` | its code package: airflow-provider-sfn and what that needs |\n" if has_code else ""


def role_name(workflow: Workflow) -> str:
    """Return the name of the role that is made for a workflow; IAM's have 64 characters at most."""
    return f"{workflow.name[:54]}-workflow"
