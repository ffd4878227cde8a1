"""Measures how many executions the server runs for many clients at once, and how fast it answers, beside moto's."""

from __future__ import annotations

import http.client
import json
import math
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from sfn_provider.engine import Execution, simulate
from tests.fixtures.machines.engine import group

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[2]
ROLE = "arn:aws:iam::123456789012:role/bench"
CLIENTS = 50
EXECUTIONS = 1_000
EXECUTIONS_ON_MOTO = 200
"""Fewer, because each takes it long."""

ROUNDS = 5
"""Rounds, in each of which both servers run; the medians count."""

OURS = """
import threading
from sfn_provider.server.local_server import LocalServer
with LocalServer() as server:
    print(server.endpoint_url.rpartition(":")[2], flush=True)
    threading.Event().wait()
"""
MOTO = """
import threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server._server.server_address[1], flush=True)
threading.Event().wait()
"""


def machine() -> dict[str, Any]:
    """Ten states: they set, choose and compute."""
    add = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}}
    choice = {"Variable": "$.n", "NumericGreaterThan": 1_000_000, "Next": "End"}
    states = {f"Add{number}": {**add, "Next": f"Add{number + 1}"} for number in range(4)}
    states |= {"Add4": {**add, "Next": "Large"}, "Large": {"Type": "Choice", "Choices": [choice], "Default": "Set"}}
    states |= {"Set": {"Type": "Pass", "Result": {"ok": True}, "ResultPath": "$.set", "Next": "Add8"}}
    states |= {"Add8": {"Type": "Pass", "Next": "Add9"}, "Add9": {"Type": "Pass", "Next": "End"}}
    return group(states | {"End": {"Type": "Succeed"}})


class Client:
    """A client that costs little: one connection, no signatures, no models."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def call(self, operation: str, **parameters: Any) -> Any:
        headers = {
            "X-Amz-Target": f"AWSStepFunctions.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/states/aws4_request, "
            "SignedHeaders=host, Signature=0",
        }
        self._connection.request("POST", "/", json.dumps(parameters), headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        return answer


@dataclass(frozen=True)
class Result:
    """What a server has done.

    Args:
        rate: executions a second, from the first start to the last end that a client has seen.
        cpu: seconds of processor time that the server took for an execution.
        starts: seconds that each StartExecution took.
    """

    rate: float
    cpu: float
    starts: list[float]

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the starts took at most."""
        return sorted(self.starts)[math.ceil(share * len(self.starts)) - 1] * 1_000


@contextmanager
def serving(code: str) -> Iterator[tuple[int, psutil.Process]]:
    """Run a server in a process of its own. Gives its port and the process."""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), psutil.Process(process.pid)
        finally:
            process.terminate()


def run_executions(port: int, arn: str, number: int, count: int) -> tuple[list[float], list[str]]:
    """Start executions, and wait for their ends. Gives how long each start took, and the ARNs."""
    starts, arns = [], []
    with Client(port) as client:
        for index in range(count):
            began = time.perf_counter()
            started = client.call("StartExecution", stateMachineArn=arn, name=f"e{number}-{index}", input='{"n": 7}')
            starts.append(time.perf_counter() - began)
            arns.append(started["executionArn"])
        for each in arns:
            while client.call("DescribeExecution", executionArn=each)["status"] == "RUNNING":
                time.sleep(0.01)
    return starts, arns


def check(client: Client, arn: str, expected: Execution) -> None:
    """Check that an execution came to what the engine comes to, with its whole history."""
    described = client.call("DescribeExecution", executionArn=arn)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", expected.output)
    events = client.call("GetExecutionHistory", executionArn=arn)["events"]
    assert [event["type"] for event in events] == [event["type"] for event in expected.events]
    assert [event["id"] for event in events] == [*range(1, len(expected.events) + 1)]


def processor_time(server: psutil.Process) -> float:
    """Return the seconds of processor time that a server has taken."""
    times = server.cpu_times()
    return float(times.user + times.system)


def measure(port: int, server: psutil.Process, count: int) -> Result:
    """Have all clients start executions at once, and wait for their ends."""
    expected = simulate(machine(), {"n": 7})
    with Client(port) as client, ThreadPoolExecutor(CLIENTS) as pool:
        created = client.call("CreateStateMachine", name="Bench", definition=json.dumps(machine()), roleArn=ROLE)
        arn = created["stateMachineArn"]
        began, cpu = time.perf_counter(), processor_time(server)
        done = [*pool.map(lambda number: run_executions(port, arn, number, count // CLIENTS), range(CLIENTS))]
        took, cpu = time.perf_counter() - began, processor_time(server) - cpu
        for each in [each for _, arns in done for each in arns]:
            check(client, each, expected)
    return Result(count / took, cpu / count, [seconds for starts, _ in done for seconds in starts])


def interpret_definitions(port: int) -> None:
    """Have moto's server run executions, which it does not otherwise."""
    body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/moto-api/config", body, method="POST")
    with urllib.request.urlopen(request) as response:
        assert response.status in (200, 201)


def measure_ours() -> Result:
    """Measure the server of this package, new."""
    with serving(OURS) as (port, server):
        return measure(port, server, EXECUTIONS)


def measure_moto() -> Result:
    """Measure moto's server, new."""
    with serving(MOTO) as (port, server):
        interpret_definitions(port)
        return measure(port, server, EXECUTIONS_ON_MOTO)


def median(results: list[Result]) -> Result:
    """Return the median of each figure, and all starts."""
    starts = [seconds for result in results for seconds in result.starts]
    rate, cpu = (statistics.median(getattr(result, name) for result in results) for name in ("rate", "cpu"))
    return Result(rate, cpu, starts)


def test_executions_of_many_clients_against_moto() -> None:
    pytest.importorskip("uvicorn")
    rounds = [(measure_ours(), measure_moto()) for _ in range(ROUNDS)]
    ours, theirs = (median([*results]) for results in zip(*rounds, strict=True))
    ratios = [mine.rate / other.rate for mine, other in rounds]
    print(f"\n\n{EXECUTIONS:,} executions of 10 states, {CLIENTS} clients at once (moto: {EXECUTIONS_ON_MOTO})")
    print(f"medians of {ROUNDS} rounds, by wall time:")
    for name, result in (("server", ours), ("moto", theirs)):
        half, late = result.percentile(0.5), result.percentile(0.99)
        print(f"  {name:7}{result.rate:8,.0f} executions/s, {result.cpu * 1_000:.1f} ms of processor time for each")
        print(f"         StartExecution: median {half:,.1f} ms, p99 {late:,.1f} ms")
    print(f"  ratio  {statistics.median(ratios):8.1f} ({min(ratios):.1f} to {max(ratios):.1f}): 10 is aimed at")
    print(f"         of processor time {theirs.cpu / ours.cpu:.1f}")
