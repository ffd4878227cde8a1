"""Provider metadata for Airflow: modules, extra links, configuration options.

Airflow calls it while it reads its own configuration: standard library only, and no import of Airflow.
"""

from __future__ import annotations

from typing import Any

from sfn_provider import __version__

_SERVICE = "AWS Step Functions"


def get_provider_info() -> dict[str, Any]:
    """Describe the provider, in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "airflow-provider-sfn",
        "name": "Step Functions for Airflow",
        "description": "Drive AWS Step Functions from Airflow, translate state machines into DAGs, compare the two.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": _SERVICE,
                "external-doc-url": "https://aws.amazon.com/step-functions/",
                "tags": ["aws"],
            }
        ],
        "hooks": [_modules("sfn_provider.hooks.step_function")],
        "operators": [
            _modules(
                "sfn_provider.operators.step_function",
                "sfn_provider.operators.state_machine",
                "sfn_provider.operators.states",
            )
        ],
        "sensors": [_modules("sfn_provider.sensors.step_function")],
        "triggers": [
            _modules(
                "sfn_provider.triggers.step_function",
                "sfn_provider.triggers.activity",
                "sfn_provider.triggers.execution_events",
                "sfn_provider.triggers.executions",
                "sfn_provider.triggers.map_run",
                "sfn_provider.triggers.state",
            )
        ],
        "extra-links": [
            "sfn_provider.links.step_function.StateMachineDetailsLink",
            "sfn_provider.links.step_function.StateMachineExecutionsDetailsLink",
            "sfn_provider.links.step_function.MapRunDetailsLink",
            "sfn_provider.links.aws_console.AwsConsoleLink",
        ],
        "config": {
            "sfn_provider": {
                "description": "How the tasks of translated state machines run.",
                "options": {
                    "waiting": {
                        "description": (
                            "Where a task waits: ``defer`` in the triggerer; ``reschedule`` nowhere, the scheduler "
                            "starts it again when it is time, which needs no triggerer; ``block`` in the worker."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "reschedule",
                        "default": "defer",
                    },
                    "history": {
                        "description": "Keep the history events of each task in the XCom ``history``, which is what "
                        "comparisons with real executions read.",
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": "True",
                        "default": "False",
                    },
                    "worker_auth": {
                        "description": "What workers show at the endpoint: ``token``, ``signature`` or ``airflow``; "
                        "see docs/task-tokens.md.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "signature",
                        "default": "token",
                    },
                    "worker_access_key_id": _secret("Access key id that workers sign with; for ``signature``."),
                    "worker_secret_access_key": _secret("Secret access key that workers sign with; for ``signature``."),
                    "task_token_queue_url": {
                        "description": "URL of an SQS queue from which answers of workers are read, too.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "https://sqs.eu-west-1.amazonaws.com/123456789012/answers",
                        "default": "",
                    },
                    "task_token_queue_conn_id": {
                        "description": "Airflow connection to AWS by which that queue is read.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": None,
                        "default": "aws_default",
                    },
                    "reports_folder": {
                        "description": "Folder on the web server in which the pages of DAGs find the reports of "
                        "``sfn-provider compare --html``, each as ``DAG_ID.html``.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "/opt/airflow/reports",
                        "default": "",
                    },
                    "pages_read_aws": {
                        "description": "Let the pages of DAG runs read the executions that tasks have started from "
                        "AWS, by the connection of the task.",
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": "True",
                        "default": "False",
                    },
                    "task_token_secret": _secret(
                        "Key that signs task tokens, the same for all components; by default Airflow's secret key."
                    ),
                },
            }
        },
    }


def _secret(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": "string",
        "sensitive": True,
        "example": None,
        "default": "",
    }


def _modules(*names: str) -> dict[str, Any]:
    return {"integration-name": _SERVICE, "python-modules": list(names)}
