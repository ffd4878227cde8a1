"""Clients of Airflow's REST API, at its web server (``/api/v1``, ``/api/v2``) or through MWAA."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Self
from urllib.parse import quote

import httpx

from sfn_provider.compare.airflow.runner import DagRunResult
from sfn_provider.engine.history.timestamps import parse_time
from sfn_provider.exceptions import UsageError
from sfn_provider.xcom_json import decode_xcom

Json = Any

_KEYS = ("return_value", "token", "error", "history")
"""The XComs of tasks that a comparison reads."""

_PAGE = 100


class AirflowApi(ABC):
    """Runs a DAG and reads the run. Use it in a ``with`` statement: it holds connections."""

    _client: Any

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @abstractmethod
    def call(
        self, method: str, path: str, body: Json = None, query: Mapping[str, Json] | None = None, *, missing: Json = ...
    ) -> Json:
        """Call the REST API.

        Args:
            method: HTTP method.
            path: path below ``/api/v1`` or ``/api/v2``, beginning with a slash.
            body: request body, JSON.
            query: query parameters.
            missing: what to return where the resource does not exist; by default that is an error.

        Raises:
            UsageError: where Airflow cannot be reached, or refuses.
        """

    @property
    @abstractmethod
    def major(self) -> int:
        """Airflow's major version."""

    def trigger(self, dag_id: str, configuration: Mapping[str, Json]) -> str:
        """Start a run of a DAG and return its id.

        Raises:
            UsageError: where there is no such DAG, or it is paused.
        """
        dag = self.call("GET", f"/dags/{quote(dag_id)}", missing=None)
        if dag is None:
            raise UsageError(f"Airflow has no DAG {dag_id!r}; deploy it first, or name it with --dag-id")
        if dag.get("is_paused"):
            raise UsageError(f"the DAG {dag_id!r} is paused, so a run would never start; unpause it first")
        body: dict[str, Json] = {"conf": dict(configuration)}
        if self.major >= 3:
            body["logical_date"] = None
        return str(self.call("POST", f"/dags/{quote(dag_id)}/dagRuns", body)["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait for the end of a run.

        Args:
            dag_id: the DAG.
            run_id: the run.
            seconds: how long to wait at most.
            sleep: waits some seconds.

        Raises:
            UsageError: where the run takes longer.
        """
        waited = 0.0
        while (state := self._run(dag_id, run_id)["state"]) not in ("success", "failed"):
            if waited >= seconds:
                raise UsageError(f"run {run_id} of {dag_id} is still {state} after {seconds:.0f} s; see --wait-seconds")
            sleep(min(5.0, seconds - waited))
            waited += 5.0

    def result(self, dag_id: str, run_id: str) -> DagRunResult:
        """Read a run that has ended, with the XComs of its tasks."""
        run = self._run(dag_id, run_id)
        tasks = tuple(self._task(dag_id, run_id, instance) for instance in self._instances(dag_id, run_id))
        started, ended = (_seconds(run[key]) or 0.0 for key in ("start_date", "end_date"))
        return DagRunResult(run["state"], run_id, ended - started, tasks)

    def _run(self, dag_id: str, run_id: str) -> dict[str, Json]:
        found: dict[str, Json] = self.call("GET", _run_path(dag_id, run_id))
        return found

    def _instances(self, dag_id: str, run_id: str) -> list[dict[str, Json]]:
        found: list[dict[str, Json]] = []
        while True:
            query = {"limit": _PAGE, "offset": len(found)}
            page = self.call("GET", f"{_run_path(dag_id, run_id)}/taskInstances", query=query)
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def _task(self, dag_id: str, run_id: str, instance: Mapping[str, Json]) -> dict[str, Json]:
        named = {key: instance[key] for key in ("task_id", "map_index", "state")}
        times = {"started": _seconds(instance["start_date"]), "ended": _seconds(instance["end_date"])}
        xcoms = {}
        if instance["state"] in ("success", "failed"):
            place = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(instance['task_id'])}/xcomEntries"
            query = {"map_index": instance["map_index"], "stringify": "false"}
            entries = {key: self.call("GET", f"{place}/{key}", query=query, missing={}) for key in _KEYS}
            xcoms = {key: decode_xcom(entry.get("value")) for key, entry in entries.items()}
        return {**named, **times, **xcoms}


class WebServerApi(AirflowApi):
    """An Airflow at a URL.

    Args:
        url: where Airflow's web server is, without ``/api``.
        token: a bearer token.
        user: a user name, where there is no token.
        password: the user's password.
    """

    _client: httpx.Client

    def __init__(self, url: str, *, token: str | None = None, user: str | None = None, password: str = "") -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(timeout=60.0, follow_redirects=True)
        if token is None and user is not None:
            self._log_in(user, password)
        elif token is not None:
            self._client.headers["Authorization"] = f"Bearer {token}"

    @cached_property
    def major(self) -> int:
        """Airflow's major version."""
        return 3 if self._send("GET", "/api/v2/version").status_code == 200 else 2

    def call(
        self, method: str, path: str, body: Json = None, query: Mapping[str, Json] | None = None, *, missing: Json = ...
    ) -> Json:
        """Call the REST API; see `AirflowApi.call`."""
        version = "v2" if self.major >= 3 else "v1"
        response = self._send(method, f"/api/{version}{path}", body, query)
        if response.status_code == 404 and missing is not ...:
            return missing
        if response.is_error:
            raise UsageError(
                f"{self._url}: Airflow refuses {method} {path}: {response.status_code} {response.text[:300]}"
            )
        return response.json()

    def _log_in(self, user: str, password: str) -> None:
        """Airflow 3 gives a token for user and password; Airflow 2 takes these with each request."""
        if self.major < 3:
            self._client.auth = httpx.BasicAuth(user, password)
            return
        response = self._send("POST", "/auth/token", {"username": user, "password": password})
        if response.is_error:
            raise UsageError(f"{self._url}: Airflow refuses the user {user!r}: {response.status_code}")
        self._client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    def _send(
        self, method: str, path: str, body: Json = None, query: Mapping[str, Json] | None = None
    ) -> httpx.Response:
        try:
            return self._client.request(method, self._url + path, json=body, params=query)
        except httpx.HTTPError as error:
            raise UsageError(f"{self._url}: cannot reach Airflow: {error}") from error


class MwaaApi(AirflowApi):
    """An Amazon MWAA environment, by ``mwaa:InvokeRestApi``.

    Source: https://docs.aws.amazon.com/mwaa/latest/API/API_InvokeRestApi.html

    Args:
        environment: the environment's name.
        client: a boto3 client for ``mwaa``; None for one made of the process's own credentials and region.
    """

    def __init__(self, environment: str, client: Any = None) -> None:
        import boto3

        self._name = environment
        self._client = client or boto3.session.Session().client("mwaa")

    @cached_property
    def major(self) -> int:
        """Airflow's major version."""
        environment = self._invoke(self._client.get_environment, Name=self._name)["Environment"]
        return int(environment["AirflowVersion"].partition(".")[0])

    def call(
        self, method: str, path: str, body: Json = None, query: Mapping[str, Json] | None = None, *, missing: Json = ...
    ) -> Json:
        """Call the REST API; see `AirflowApi.call`."""
        request: dict[str, Json] = {"Name": self._name, "Path": path, "Method": method}
        if body is not None:
            request["Body"] = body
        if query:
            request["QueryParameters"] = dict(query)
        if not hasattr(self._client, "invoke_rest_api"):
            raise UsageError("boto3 here cannot call the REST API of Amazon MWAA (invoke_rest_api): take a newer one")
        return self._invoke(self._client.invoke_rest_api, missing=missing, **request).get("RestApiResponse")

    def _invoke(self, action: Callable[..., Json], *, missing: Json = ..., **request: Json) -> Json:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return action(**request)
        except ClientError as error:
            if error.response.get("RestApiStatusCode") == 404 and missing is not ...:
                return {"RestApiResponse": missing}
            message = error.response.get("RestApiResponse") or error
            raise UsageError(f"MWAA environment {self._name}: {request.get('Path', '')} {message}") from error
        except BotoCoreError as error:
            raise UsageError(f"MWAA environment {self._name}: {error}") from error


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}"


def _seconds(text: str | None) -> float | None:
    return parse_time(text) if text else None
