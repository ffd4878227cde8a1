"""Real executions against real DAG runs: what services answered may differ, how a side went on from it may not."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from sfn_provider.asl import parse
from sfn_provider.compare.airflow.dag_execution import DAG_ID, DagSource, run_dag_source
from sfn_provider.compare.comparison import Comparison
from sfn_provider.compare.live.airflow_api import AirflowApi, MwaaApi, WebServerApi
from sfn_provider.compare.live.live_comparison import compare_recorded
from sfn_provider.engine import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.translate import translate
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.recorded_histories import recording
from tests.fixtures.session.versions import needs_operation

ORDER = machine(
    {
        "Reserve": call("Enough?", ResultPath="$.reserved"),
        "Enough?": choose("$.reserved.state", {"all": "Pack"}, "Tell"),
        "Pack": call("End", Parameters={"id.$": "$.reserved.id", "day.$": "$.day"}, ResultPath="$.packed"),
        "Tell": END,
        "End": END,
    }
)


def live(there: dict[str, Any], here: dict[str, Any], dag_of: dict[str, Any] = ORDER) -> Comparison:
    """Compare: what Step Functions' calls answered, and what the DAG's did."""
    mocks = Mocks.from_mapping({state: [{"Return": answer}] for state, answer in here.items()})
    ran = run_dag_source(DagSource(translate(dag_of, dag_id=DAG_ID).source, DAG_ID), {"day": "Monday"}, mocks)
    recorded = recording(ORDER, {"day": "Monday"}, **{state: [{"Return": answer}] for state, answer in there.items()})
    return compare_recorded(parse(ORDER), recorded, ran, DAG_ID)


THERE = {"Reserve": {"state": "all", "id": "a-17"}, "Pack": {"kg": 2}}
HERE = {"Reserve": {"state": "all", "id": "b-99"}, "Pack": {"kg": 2}}


def test_other_answers_of_a_service_are_no_difference() -> None:
    result = live(THERE, HERE)
    assert result.agrees, [state.differences for state in result.states]
    pack = next(state for state in result.states if state.state == "Pack")
    assert 'arguments of call 1/id: "a-17" on Step Functions, "b-99" on Airflow' in pack.tolerated


def test_a_wrong_dag_is_found_out_among_other_answers() -> None:
    wrong = machine(
        {**ORDER["States"], "Pack": {**ORDER["States"]["Pack"], "Parameters": {"id.$": "$.day", "day.$": "$.day"}}}
    )
    result = live(THERE, HERE, wrong)
    assert [state.state for state in result.states if not state.agrees] == ["Pack"]


def test_another_way_because_of_another_answer_is_told() -> None:
    result = live(THERE, {"Reserve": {"state": "some", "id": "b-99"}})
    assert not result.agrees
    assert ("Pack entered on Step Functions, Tell on Airflow",) in [state.differences for state in result.states]


# The REST APIs --------------------------------------------------------------------------------------------------------

RUN = {"dag_run_id": "manual__1", "start_date": "2031-05-06T07:00:00+00:00", "end_date": "2031-05-06T07:00:09.5+00:00"}
INSTANCE = {"map_index": -1, "start_date": "2031-05-06T07:00:01Z", "end_date": "2031-05-06T07:00:03Z"}


class FakeAirflow:
    """An Airflow's REST API with one DAG, behind a web server or behind Amazon MWAA."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.states = ["queued", "running", "success"]
        self.paused = False
        self.version = 3

    def answer(self, method: str, path: str, body: Any, query: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append((method, path, body))
        parts = path.strip("/").split("/")
        if parts == ["dags", "orders"]:
            return 200, {"dag_id": "orders", "is_paused": self.paused}
        if parts == ["dags", "orders", "dagRuns"] and method == "POST":
            return 200, RUN
        if parts == ["dags", "orders", "dagRuns", "manual__1"]:
            return 200, {**RUN, "state": self.states.pop(0) if len(self.states) > 1 else self.states[0]}
        if parts[-1] == "taskInstances":
            instances = [
                {**INSTANCE, "task_id": "A", "state": "success"},
                {**INSTANCE, "task_id": "B", "state": "skipped"},
            ]
            return 200, {"task_instances": instances[int(query["offset"]) :][:1], "total_entries": 2}
        if parts[-2:] == ["xcomEntries", "return_value"] and str(query["stringify"]) == "false":
            return 200, {"value": {"n": 1}}
        return 404, {"detail": "not found"}


@pytest.fixture(params=["rest", "mwaa"])
def wired(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeAirflow, AirflowApi]]:
    """The same Airflow by its own API and by Amazon MWAA's."""
    airflow = FakeAirflow()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(airflow))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    for name, value in (
        ("ENDPOINT_URL", url),
        ("ACCESS_KEY_ID", "k"),
        ("SECRET_ACCESS_KEY", "s"),
        ("MAX_ATTEMPTS", "1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    api = WebServerApi(url, token="secret") if request.param == "rest" else MwaaApi("prod", _mwaa(url))
    with api:
        yield airflow, api
    server.shutdown()
    server.server_close()
    thread.join()


def _mwaa(url: str) -> Any:
    needs_operation("mwaa", "InvokeRestApi")
    """A client that takes the server as it is: MWAA's own has two, ``api.`` and ``env.``."""
    return boto3.client("mwaa", "us-east-1", endpoint_url=url, config=Config(inject_host_prefix=False))


def _handler(airflow: FakeAirflow) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = (
                urlsplit(self.path).path,
                {key: one for key, [one] in parse_qs(urlsplit(self.path).query).items()},
            )
            if path.startswith("/environments/"):
                return self._send(200, {"Environment": {"Name": "prod", "AirflowVersion": f"{airflow.version}.0.6"}})
            if self.headers["Authorization"] != "Bearer secret":
                return self._send(401, {})
            if path == "/api/v2/version":
                return self._send(200 if airflow.version == 3 else 404, {})
            return self._send(
                *airflow.answer(self.command, path.removeprefix("/api/v2").removeprefix("/api/v1"), self._body(), query)
            )

        def do_POST(self) -> None:
            if not self.path.startswith("/restapi/"):
                return self.do_GET()
            asked = self._body()
            query = asked.get("QueryParameters", {})
            status, answer = airflow.answer(asked["Method"], asked["Path"], asked.get("Body"), query)
            if status < 400:
                return self._send(200, {"RestApiStatusCode": status, "RestApiResponse": answer})
            told = {"__type": "RestApiClientException", "RestApiStatusCode": status, "RestApiResponse": answer}
            return self._send(400, told, {"x-amzn-ErrorType": "RestApiClientException"})

        def _body(self) -> Any:
            return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")

        def _send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            for name, text in {
                "Content-Type": "application/json",
                "Content-Length": str(len(data)),
                **(headers or {}),
            }.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output quiet."""

    return Handler


def test_a_run_is_started_waited_for_and_read(wired: tuple[FakeAirflow, AirflowApi]) -> None:
    airflow, api = wired
    assert api.trigger("orders", {"day": "Monday"}) == "manual__1"
    assert airflow.asked[-1] == ("POST", "/dags/orders/dagRuns", {"conf": {"day": "Monday"}, "logical_date": None})
    waited: list[float] = []
    api.wait("orders", "manual__1", 60, waited.append)
    assert waited == [5.0, 5.0]
    result = api.result("orders", "manual__1")
    assert (result.state, result.seconds) == ("success", 9.5)
    ran, skipped = result.tasks
    assert ran["return_value"] == {"n": 1} and ran["token"] is None
    assert ran["ended"] - ran["started"] == 2.0
    assert skipped["state"] == "skipped" and "return_value" not in skipped


def test_a_dag_that_is_not_there_or_paused(wired: tuple[FakeAirflow, AirflowApi]) -> None:
    airflow, api = wired
    with pytest.raises(UsageError, match="Airflow has no DAG 'nothing'"):
        api.trigger("nothing", {})
    airflow.paused = True
    with pytest.raises(UsageError, match="'orders' is paused"):
        api.trigger("orders", {})


def test_a_run_that_takes_too_long(wired: tuple[FakeAirflow, AirflowApi]) -> None:
    airflow, api = wired
    airflow.states = ["running"]
    with pytest.raises(UsageError, match="still running after 7 s"):
        api.wait("orders", "manual__1", 7, lambda seconds: None)


def test_what_airflow_refuses_is_told(wired: tuple[FakeAirflow, AirflowApi]) -> None:
    _, api = wired
    with pytest.raises(UsageError, match="not found"):
        api.call("GET", "/nowhere")


def test_airflow_2_wants_no_logical_date(wired: tuple[FakeAirflow, AirflowApi]) -> None:
    airflow, api = wired
    airflow.version = 2
    if isinstance(api, MwaaApi):
        api = MwaaApi("prod", _mwaa(os.environ["AWS_ENDPOINT_URL"]))
    api.trigger("orders", {})
    assert airflow.asked[-1][2] == {"conf": {}}


def test_an_airflow_that_cannot_be_reached() -> None:
    with WebServerApi("http://127.0.0.1:9", token="x") as api, pytest.raises(UsageError, match="cannot reach Airflow"):
        api.trigger("orders", {})


def test_a_boto3_that_is_too_old_for_mwaas_api_is_told() -> None:
    from types import SimpleNamespace

    client = SimpleNamespace(get_environment=lambda **_: {"Environment": {"AirflowVersion": "2.10.3"}})
    with pytest.raises(UsageError, match="take a newer one"):
        MwaaApi("prod", client).call("GET", "/dags")
