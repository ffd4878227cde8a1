"""What the images of Amazon MWAA set, as environment variables.

Source: ``python/mwaa/config/airflow.py`` and ``environ.py`` of each image in
https://github.com/aws/amazon-mwaa-docker-images, with PostgreSQL and Redis on this machine in place of Amazon RDS and
SQS, local log files in place of CloudWatch, and no login in place of IAM.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

_ALL: Final = {
    "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "43200",
    "CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False",
    "CORE__EXECUTE_TASKS_NEW_PYTHON_INTERPRETER": "True",
    "CORE__EXECUTOR": "CeleryExecutor",
    "CORE__LOAD_EXAMPLES": "False",
    "LOGGING__COLORED_CONSOLE_LOG": "False",
    "SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
    "SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
    "SECRETS__BACKEND_KWARGS": '{"connections_lookup_pattern": "^(?!aws_default$).*$"}',
    "USAGE_DATA_COLLECTION__ENABLED": "False",
}

_OF_MAJOR: Final[Mapping[int, Mapping[str, str]]] = {
    2: {
        "API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
    },
    3: {
        "API__SERVER_TYPE": "gunicorn",
        "API__WORKERS": "2",
        "API__WORKER_REFRESH_BATCH_SIZE": "1",
        "API__WORKER_REFRESH_INTERVAL": "43200",
        "CORE__MULTI_TEAM": "False",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer",
        "EXECUTION_API__JWT_EXPIRATION_TIME": "86400",
        "TRIGGERER__QUEUES_ENABLED": "False",
        "WORKERS__SECRETS_BACKEND_KWARGS": '{"connections_lookup_pattern": "^(?!aws_default$).*$"}',
    },
}

# An environment of the class mw1.small runs five tasks on a worker.
_OF_THE_CLASS: Final = {"CELERY__WORKER_AUTOSCALE": "5,5"}

# What is lost is noticed after seconds instead of minutes, and new DAGs at once: a test waits for it.
_SOONER: Final = {
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
    "SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
    "SCHEDULER__LOCAL_TASK_JOB_HEARTBEAT_SEC": "5",
    "SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "60",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "5",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "SCHEDULER__TASK_QUEUED_TIMEOUT": "240",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "30",
    "WEBSERVER__WORKERS": "1",
}

_VARIABLES: Final = {"AIRFLOW_CONN_AWS_DEFAULT": "aws://", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


def settings(major: int, home: str, plugins: str, server: str, database: str, broker: str) -> dict[str, str]:
    """The environment variables of an environment's components.

    Args:
        major: the first part of Airflow's version.
        home: its AIRFLOW_HOME.
        plugins: the folder where plugins.zip is unpacked.
        server: the address of its web server.
        database: the address of its database, for SQLAlchemy.
        broker: the address of Celery's broker.
    """
    own = {
        "API__BASE_URL": server,
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "CELERY__BROKER_URL": broker,
        "CELERY__RESULT_BACKEND": f"db+{database}",
        "CORE__DAGS_FOLDER": f"{home}/dags",
        "CORE__EXECUTION_API_SERVER_URL": f"{server}/execution/",
        "CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "CORE__PLUGINS_FOLDER": plugins,
        "DATABASE__SQL_ALCHEMY_CONN": database,
        "LOGGING__BASE_LOG_FOLDER": f"{home}/logs",
        "WEBSERVER__BASE_URL": server,
        ("API__SECRET_KEY" if major > 2 else "WEBSERVER__SECRET_KEY"): secrets.token_hex(16),
    }
    configured = _ALL | _OF_MAJOR[major] | _OF_THE_CLASS | _SOONER | own
    return {f"AIRFLOW__{name}": value for name, value in configured.items()} | {"AIRFLOW_HOME": home} | _VARIABLES
