"""Writes the README.md beside a workflow: the commands to create, start, watch, update and delete it."""

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
| `template.yaml` | all of steps 2 and 3 for CloudFormation |

You need an account of AWS, a bucket in the Region of the workflow whose public access is blocked, and the AWS CLI with
`aws mwaa-serverless`$cli. You yourself must be allowed `airflow-serverless:*`,
`iam:CreateRole`, `iam:PutRolePolicy`, `iam:PassRole` for the role, `iam:CreateServiceLinkedRole`, `s3:PutObject` and
`s3:GetObject` in the bucket, `logs:CreateLogGroup` and `logs:DescribeLogGroups`. Put your own names in the first line,
and run all steps in one shell, in the folder of this file.

```
BUCKET=my-bucket ROLE=$role
FOLDER="s3://$$BUCKET/$folder"
```

## 1. Upload

```
$upload
```

## 2. Allow

Where `policy.json` says `"Resource": "*"`, put the ARNs of your jobs and topics in its place first.

```
ROLE_ARN=$$(aws iam create-role --role-name "$$ROLE" --assume-role-policy-document file://trust.json \\
    --query Role.Arn --output text)
sed "s/BUCKET/$$BUCKET/g" policy.json > policy.$$BUCKET.json
aws iam put-role-policy --role-name "$$ROLE" --policy-name workflow --policy-document "file://policy.$$BUCKET.json"
```

## 3. Create

```
aws mwaa-serverless create-workflow --name "$name" --role-arn "$$ROLE_ARN" \\
$locations \\
    --query '[WorkflowArn, Warnings]' --output json | tee created.json
WORKFLOW=$$(grep -o 'arn:[^"]*' created.json | head -1)
```

What stands behind the ARN are Warnings: what the service drops of the workflow. There should be none. A role that was
made a moment ago may not be known yet: wait ten seconds, and create again.

Or, in place of steps 2 and 3, by CloudFormation:

```
aws cloudformation deploy --stack-name "$stack" --template-file template.yaml --capabilities CAPABILITY_IAM \\
    --parameter-overrides "Bucket=$$BUCKET"
WORKFLOW=$$(aws cloudformation describe-stacks --stack-name "$stack" \\
    --query 'Stacks[0].Outputs[?OutputKey==`WorkflowArn`].OutputValue' --output text)
```

## 4. Start

The execution's input is given as parameters that override those in `workflow.yaml`.$schedule

```
RUN=$$(aws mwaa-serverless start-workflow-run --workflow-arn "$$WORKFLOW" \\
    --override-parameters '$input' --query RunId --output text)
```

## 5. Watch

```
aws mwaa-serverless get-workflow-run --workflow-arn "$$WORKFLOW" --run-id "$$RUN" --query RunDetail
aws mwaa-serverless list-task-instances --workflow-arn "$$WORKFLOW" --run-id "$$RUN" \\
    --query 'TaskInstances[].[TaskInstanceId, OperatorName, Status]' --output text
```

A run may say SUCCESS though a task has failed: look for tasks whose status is not SUCCESS. The reason is in the task's
log, in the log group `/aws/mwaa-serverless/`, and in ErrorMessage of `get-task-instance`.
$tokens
## 6. Update

Make the files again, and upload them as in step 1: their folder's name changes with what is in them, so set `FOLDER`
from the new README.md. Everything is sent again: what is left out is cleared.

```
aws mwaa-serverless update-workflow --workflow-arn "$$WORKFLOW" --role-arn "$$ROLE_ARN" \\
$locations \\
    --query '[WorkflowVersion, Warnings]'
```

## 7. Delete

```
aws mwaa-serverless delete-workflow --workflow-arn "$$WORKFLOW"
aws iam delete-role-policy --role-name "$$ROLE" --policy-name workflow
aws iam delete-role --role-name "$$ROLE"
aws s3 rm --recursive "s3://$$BUCKET/$name"
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


def render_readme(
    workflow: Workflow, keys: Mapping[str, str], variables: Mapping[str, str], findings: Sequence[Finding]
) -> str:
    """Render the README.md.

    Args:
        workflow: the workflow.
        keys: the keys of the workflow's files in the bucket, by name of the file.
        variables: the workflow's Environment; ``${Bucket}`` stands for the bucket.
        findings: what is different to the state machine.
    """
    has_code = workflow.way == "code"
    params = workflow.settings.get("params") or {}
    folder = keys["workflow.yaml"].rpartition("/")[0]
    scheduled = workflow.settings.get("schedule")
    when = f" It also runs by its schedule, `{scheduled}` in UTC, with these." if scheduled else ""
    return _TEXT.substitute(
        name=workflow.name,
        version=__version__,
        way=_WAYS[workflow.way],
        code=_code_row(has_code),
        cli=" of botocore 1.43.124 or newer, which knows a workflow's Environment" if variables else "",
        role=f"{workflow.name}-workflow"[:64],
        stack=workflow.name.replace("_", "-").replace(".", "-"),
        folder=folder,
        upload="\n".join(f'aws s3 cp {name} "$FOLDER/{name}"' for name in keys),
        locations=_locations(keys, variables),
        input=json.dumps(params, ensure_ascii=True).replace("'", "\\u0027") if params else "{}",
        schedule=when,
        tokens=_TOKENS.replace("NAME", workflow.name) if has_code else "",
        findings="\n".join(f"- {finding}" for finding in findings) or "Nothing.",
    )


def _code_row(has_code: bool) -> str:
    return "| `code.zip` | its code package: airflow-provider-sfn and what that needs |\n" if has_code else ""


def _locations(keys: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """Return the options that say where a workflow's files are, and what its Environment is."""
    lines = [f'--definition-s3-location "Bucket=$BUCKET,ObjectKey={keys["workflow.yaml"]}"']
    if "code.zip" in keys:
        lines.append(f'--code "S3Location={{Bucket=$BUCKET,ObjectKey={keys["code.zip"]}}}"')
    if variables:
        texts = [f"{name}={text.replace('${Bucket}', '$BUCKET')}" for name, text in variables.items()]
        lines.append(f'--environment "Variables={{{",".join(texts)}}}"')
    return " \\\n".join(f"    {line}" for line in lines)
