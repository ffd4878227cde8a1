"""Says what the tasks of a native DAG import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sfn_provider.translate.emit.literals import Code
from sfn_provider.translate.native.model import Import, Versions
from sfn_provider.translate.native.states.forms import FunctionForm

LAMBDA_HOOK = ("airflow.providers.amazon.aws.hooks.lambda_function", "LambdaHook")
HOOK = ("airflow.providers.amazon.aws.hooks.base_aws", "AwsBaseHook")


def imports_of(form: FunctionForm) -> tuple[Import, ...]:
    """Return what a call of boto3 needs."""
    return (HOOK,) if form.role is None else (HOOK, ("boto3", ""))


def fail_exception(versions: Versions) -> Import:
    """Return the import of the exception that fails a task for good."""
    return ("airflow.exceptions" if versions.airflow < (3, 1) else "airflow.sdk.exceptions", "AirflowFailException")


def duration_imports(arguments: Mapping[str, Any]) -> tuple[Import, ...]:
    """Return what the arguments for retries and timeouts need."""
    return (("datetime", "timedelta"),) if any(isinstance(value, Code) for value in arguments.values()) else ()


def moment_imports(body: Iterable[str]) -> tuple[Import, ...]:
    """Return what conditions on times need."""
    return (("datetime", "datetime"),) if any("datetime." in line for line in body) else ()
