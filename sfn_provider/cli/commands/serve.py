"""``sfn-provider serve``: serves the Step Functions API on this machine, for development and tests."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any
from urllib.parse import quote

import click

from sfn_provider.cli.inputs.input_files import read_input
from sfn_provider.cli.inputs.served_machines import (
    ServedMachine,
    TaskAnswers,
    TaskOptions,
    read_machines,
    read_task_answers,
    read_time,
)
from sfn_provider.cli.options.common import json_option, option_group, substitutions_option
from sfn_provider.cli.output.printing import printable
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.exceptions import UsageError
from sfn_provider.secret_masking import one_line
from sfn_provider.server.local_server import LocalServer, check_installed

_TASK_OPTIONS: dict[str, dict[str, Any]] = {
    "mock": {
        "metavar": "FILE[#CASE]",
        "help": "Mock configuration file. An execution has the test case that it is started with, "
        "STATE_MACHINE_ARN#CASE, else CASE.",
    },
    "lambda": {
        "multiple": True,
        "metavar": "NAME=TARGET",
        "help": "A Lambda function: module:function, path/to/file.py:function, or the URL of an endpoint. May be "
        "repeated.",
    },
    "endpoint": {
        "multiple": True,
        "metavar": "[SERVICE=]URL",
        "help": "Where a service is called, by boto3's name of it; without SERVICE, all others. May be repeated.",
    },
    "made": {
        "is_flag": True,
        "help": "Make up results that nothing else gives. The default without --mock, --lambda and --endpoint.",
    },
}


def _read_task_options(**values: Any) -> TaskOptions:
    return TaskOptions(values["mock"], values["lambda"], values["endpoint"], values["made"])


_ADDRESS_OPTIONS: dict[str, dict[str, Any]] = {
    "port": {
        "type": click.IntRange(0, 65535),
        "default": 8083,
        "show_default": True,
        "help": "The port; 0 for a free one.",
    },
    "host": {
        "default": "127.0.0.1",
        "show_default": True,
        "metavar": "ADDRESS",
        "help": "The address to listen at; one that others can reach needs a secret.",
    },
    "secret": {
        "envvar": "SFN_PROVIDER_SECRET",
        "metavar": "TEXT",
        "help": "What clients must have as their AWS secret access key. Better in the variable SFN_PROVIDER_SECRET.",
    },
    "region": {"default": "us-east-1", "show_default": True, "help": "The region in ARNs."},
    "account": {"default": "123456789012", "show_default": True, "help": "The account in ARNs."},
}


@click.command(cls=ProviderCommand)
@click.argument("files", metavar="[[NAME=]FILE]...", nargs=-1)
@option_group("tasks", _read_task_options, _TASK_OPTIONS)
@click.option(
    "--time",
    "time_text",
    metavar="real|virtual|Nx",
    default="real",
    show_default=True,
    help="How time passes: as it does; virtual, so that waits and retries take none; or N times faster.",
)
@option_group("address", dict, _ADDRESS_OPTIONS)
@click.option(
    "--dag", "dag_file", metavar="DAG.py", help="Run this DAG once in a private Airflow against the server, and end."
)
@click.option("--conf", metavar="JSON|@FILE", help="The configuration of the run of --dag.")
@substitutions_option
@json_option
def serve(
    files: tuple[str, ...],
    tasks: TaskOptions,
    time_text: str,
    address: dict[str, Any],
    dag_file: str | None,
    conf: str | None,
    substitutions: tuple[str, ...],
    as_json: bool,
) -> int:
    """Serve the Step Functions API on this machine, for development and tests.

    DAGs, boto3, the AWS CLI and workers use it in place of AWS by its endpoint URL; its first page, in a browser, shows
    what it runs. FILEs are state machines to create; others are created by the API. Everything is in memory.
    """
    check_installed()
    if conf is not None and dag_file is None:
        raise UsageError("--conf is the configuration of the DAG run: name the DAG by --dag")
    configuration = {} if conf is None else read_input(conf)
    machines = read_machines(files, substitutions, quiet=as_json)
    answers = read_task_answers(tasks, machines, address["region"], address["account"])
    server = _make_server(answers, time_text, address)
    with _log_lines(as_json=as_json, stderr=dag_file is not None), server:
        arns = [_create(server, machine, address["account"]) for machine in machines]
        if dag_file is not None:
            from sfn_provider.cli.served_dag_run import client_environment, run_dag_file

            environment = client_environment(server.endpoint_url, address["region"], address["secret"])
            return run_dag_file(server, dag_file, configuration, environment, as_json=as_json)
        _print_start(server, arns, answers, tasks, address, as_json=as_json)
        _wait_for_interrupt()
    if not as_json:
        click.echo("Stopped.", err=True)
    return 0


def _make_server(answers: TaskAnswers, time_text: str, address: dict[str, Any]) -> LocalServer:
    from sfn_provider.server.pages.site import make_pages
    from sfn_provider.server.service import StepFunctionsService

    service = StepFunctionsService(
        region=address["region"], account_id=address["account"], time=read_time(time_text), tasks=answers.runner
    )
    return LocalServer(
        service, host=address["host"], port=address["port"], pages=make_pages(service), secret=address["secret"]
    )


def _create(server: LocalServer, machine: ServedMachine, account: str) -> str:
    """Create a state machine; return its ARN."""
    request = {
        "name": machine.name,
        "definition": machine.definition,
        "type": machine.execution_type,
        "roleArn": f"arn:aws:iam::{account}:role/local",
    }
    arn: str = server.call("CreateStateMachine", request)["stateMachineArn"]
    return arn


def _print_start(
    server: LocalServer,
    arns: list[str],
    answers: TaskAnswers,
    tasks: TaskOptions,
    address: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    url, region = server.endpoint_url, address["region"]
    if as_json:
        started = {"endpointUrl": url, "region": region, "stateMachineArns": arns, "testCases": answers.cases}
        click.echo(json.dumps(started))
        return
    click.echo(f"Step Functions on {url}, region {region}. For development and tests: everything is in memory.")
    for arn in arns:
        click.echo(f"  {arn}")
    if answers.cases:
        default = f"; without #CASE: {answers.default_case}" if answers.default_case else ""
        click.echo(printable(f"Test cases, as STATE_MACHINE_ARN#CASE: {', '.join(answers.cases)}{default}"))
    elif tasks.makes_answers:
        click.echo("Results of tasks are made up; --mock, --lambda and --endpoint give real ones.")
    key = "SECRET" if address["secret"] else "local"
    extra = f"endpoint_url={quote(url, safe='')}&region_name={region}"
    click.echo("Airflow, for all DAGs that use the connection aws_default:")
    click.echo(f"  export AIRFLOW_CONN_AWS_DEFAULT='aws://local:{key}@/?{extra}'")
    click.echo("boto3, the AWS CLI, and Airflow with any connection:")
    click.echo(
        f"  export AWS_ENDPOINT_URL_SFN={url} AWS_DEFAULT_REGION={region} AWS_ACCESS_KEY_ID=local "
        f"AWS_SECRET_ACCESS_KEY={key} AWS_DISABLE_HOST_PREFIX_INJECTION=true"
    )
    click.echo(f"In a browser: {url}/ ; Ctrl-C ends the server.")


def _wait_for_interrupt() -> None:
    try:
        # The system may give the signal to a thread that runs a task; Python handles it once this one wakes.
        while not Event().wait(0.5):
            pass
    except KeyboardInterrupt:
        return


@contextmanager
def _log_lines(*, as_json: bool, stderr: bool) -> Iterator[None]:
    """Print what the server logs, a line each."""
    log = logging.getLogger("sfn_provider.server")
    handler = _LineHandler(as_json=as_json, stderr=stderr)
    level, propagates = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagates


class _LineHandler(logging.Handler):
    """Prints records without control characters: names and errors are of other people."""

    def __init__(self, *, as_json: bool, stderr: bool) -> None:
        super().__init__()
        self._as_json = as_json
        self._stderr = stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        message = self.format(record)
        if self._as_json:
            line = json.dumps({"time": round(record.created, 3), "level": record.levelname, "message": message})
        else:
            moment = time.strftime("%H:%M:%S", time.localtime(record.created))
            level = "" if record.levelno <= logging.INFO else f"{record.levelname} "
            line = f"{moment} {level}{one_line(message)}"
        click.echo(line, err=self._stderr)
