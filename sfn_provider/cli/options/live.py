"""The options of ``compare --on aws``: a real execution and a real DAG run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import click

from sfn_provider.asl.model import StateMachine
from sfn_provider.cli.options.common import option_group
from sfn_provider.cli.output.tables import console
from sfn_provider.compare.comparison import Comparison
from sfn_provider.compare.live.airflow_api import AirflowApi, MwaaApi, WebServerApi
from sfn_provider.compare.live.live_comparison import compare_live
from sfn_provider.exceptions import UsageError


@dataclass(frozen=True)
class LiveOptions:
    """The state machine and the DAG that ``--on aws`` runs.

    Args:
        state_machine_arn: the state machine to start.
        airflow_url: where Airflow's web server is.
        airflow_user: its user.
        airflow_token: a bearer token for it.
        mwaa_environment: the MWAA environment, in place of the URL.
        dag_id: the DAG there.
        wait_seconds: how long to wait for each of the two.
    """

    state_machine_arn: str | None
    airflow_url: str | None
    airflow_user: str | None
    airflow_token: str | None
    mwaa_environment: str | None
    dag_id: str | None
    wait_seconds: float

    def compare(self, reference: str, machine: StateMachine, input: Any) -> Comparison:
        """Run both sides for real and compare them.

        Args:
            reference: the command's FILE; where it is an ARN, that of the state machine to start.
            machine: the definition.
            input: the execution's input.

        Raises:
            UsageError: where an option is missing, or one of the two cannot be run.
        """
        arn = self.find_state_machine(reference)
        if self.dag_id is None:
            raise UsageError("--on aws needs the DAG to run: name --dag-id ID")
        running = f"{arn} and DAG {self.dag_id} run; waiting for both ..."
        with self._open_airflow() as airflow, console(stderr=True).status(running):
            return compare_live(
                machine,
                input,
                state_machine_arn=arn,
                airflow=airflow,
                dag_id=self.dag_id,
                wait_seconds=self.wait_seconds,
            )

    def find_state_machine(self, reference: str) -> str:
        """Return the ARN of the state machine to start.

        Args:
            reference: the command's FILE; where it is an ARN, that of the state machine.

        Raises:
            UsageError: none is named.
        """
        arn = self.state_machine_arn or (reference if reference.startswith("arn:") else None)
        if arn is None:
            raise UsageError(
                "--on aws needs the state machine to start: name --state-machine-arn ARN, or give it as FILE"
            )
        return arn

    def _open_airflow(self) -> AirflowApi:
        if (self.airflow_url is None) == (self.mwaa_environment is None):
            raise UsageError("--on aws needs an Airflow: name --airflow-url URL or --mwaa-environment NAME")
        if self.mwaa_environment is not None:
            return MwaaApi(self.mwaa_environment)
        if self.airflow_user is None or self.airflow_token is not None:
            return WebServerApi(str(self.airflow_url), token=self.airflow_token)
        password = os.environ.get("AIRFLOW_PASSWORD") or click.prompt("Airflow password", hide_input=True, err=True)
        return WebServerApi(str(self.airflow_url), user=self.airflow_user, password=password)


live_options = option_group(
    "live",
    LiveOptions,
    {
        "state_machine_arn": {"metavar": "ARN", "help": "With --on aws: the state machine to start."},
        "airflow_url": {"metavar": "URL", "help": "With --on aws: where Airflow's web server is."},
        "airflow_user": {
            "metavar": "USER",
            "help": "Its user; the password is asked for, or in AIRFLOW_PASSWORD.",
        },
        "airflow_token": {"metavar": "TOKEN", "envvar": "AIRFLOW_TOKEN", "help": "A bearer token for it."},
        "mwaa_environment": {
            "metavar": "NAME",
            "help": "With --on aws: the Amazon MWAA environment instead of a URL.",
        },
        "dag_id": {"metavar": "ID", "help": "With --on aws: the DAG there; with --dag-file: the DAG in it."},
        "wait_seconds": {
            "metavar": "N",
            "type": click.FloatRange(1),
            "default": 3600,
            "show_default": True,
            "help": "With --on aws: how long to wait for each of the two.",
        },
    },
)
