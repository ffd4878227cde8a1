"""``eks:call`` and ``eks:runJob`` against an HTTPS server of our own, with a certificate of our own."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from tests.fixtures.calls.task_calls import Answer
from tests.fixtures.session.versions import BOTO3

JOBS = "/apis/batch/v1/namespaces/shop/jobs"
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "pack"}, "spec": {}}


@dataclass
class Cluster:
    """What the Kubernetes API answers by method and path, and what it was asked."""

    endpoint: str = ""
    authority: str = ""
    replies: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that name it."""
        return {"ClusterName": "blue", "Endpoint": self.endpoint, "CertificateAuthority": self.authority}

    def script(self, call: str, *replies: tuple[int, Any]) -> None:
        """Give the replies of a call (``GET /path``), the last one repeating."""
        self.replies[call] = list(replies)

    def calls(self) -> list[str]:
        """What was asked, in order."""
        return [f"{asked['method']} {asked['path']}" for asked in self.asked]


def make_certificate() -> tuple[bytes, bytes]:
    """A certificate for this machine that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return made.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file with a certificate and its key, and the certificate as EKS shows it."""
    public, private = make_certificate()
    path = tmp_path_factory.mktemp("cluster") / "both.pem"
    path.write_bytes(public + private)
    return path, base64.b64encode(public).decode()


@pytest.fixture
def cluster(certificate: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster; the connection has credentials."""
    script = Cluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[0])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    script.endpoint, script.authority = f"https://127.0.0.1:{server.server_address[1]}", certificate[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    connection = {"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "s", "extra": {"region_name": "eu-west-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(script: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            asked = {"method": self.command, "path": path, "query": query, "headers": self.headers, "body": data}
            script.asked.append(asked)
            left = script.replies[f"{self.command} {path}"]
            status, reply = left.pop(0) if len(left) > 1 else left[0]
            body = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output quiet."""

    return Handler


def run_job(submit: Callable[..., Answer], cluster: Cluster, pattern: str = ".sync", **fields: Any) -> Answer:
    return submit(f"eks:runJob{pattern}", cluster.parameters | {"Namespace": "shop", "Job": JOB} | fields)


def created(request_body: bytes) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(request_body)
    job["metadata"]["namespace"] = "shop"
    return job


def test_a_call_of_the_kubernetes_api(submit: Callable[..., Answer], cluster: Cluster) -> None:
    cluster.script("GET /api/v1/namespaces/default/pods", (200, {"items": []}))
    arguments = {"Method": "GET", "Path": "/api/v1/namespaces/default/pods", "QueryParameters": {"limit": ["5"]}}
    answer = submit("eks:call", cluster.parameters | arguments)
    assert answer == Completed({"ResponseBody": {"items": []}, "StatusCode": 200, "StatusText": "OK"})
    assert cluster.asked[0]["query"] == "limit=5"


def test_the_token_is_a_signed_question_who_is_calling(submit: Callable[..., Answer], cluster: Cluster) -> None:
    cluster.script("DELETE /pods/a", (200, "gone"))
    submit("eks:call", cluster.parameters | {"Method": "DELETE", "Path": "pods/a"})
    kind, _, token = cluster.asked[0]["headers"]["Authorization"].partition(" ")
    assert (kind, token[:11]) == ("Bearer", "k8s-aws-v1.")
    url = base64.urlsafe_b64decode(token[11:] + "=" * (-len(token[11:]) % 4)).decode()
    asked = parse_qs(urlsplit(url).query)
    assert (asked["Action"], asked["X-Amz-SignedHeaders"]) == (["GetCallerIdentity"], ["host;x-k8s-aws-id"])
    assert asked["X-Amz-Credential"][0].startswith("AKIDEXAMPLE/")
    region = "eu-west-1" if BOTO3 >= (1, 40) else "us-east-1"  # older ones ask the one endpoint for all regions
    assert f"/{region}/sts/" in asked["X-Amz-Credential"][0]


def test_a_refusal_is_told_as_aws_tells_it(submit: Callable[..., Answer], cluster: Cluster) -> None:
    cluster.script("GET /pods", (401, {"kind": "Status", "code": 401}))
    with pytest.raises(StatesError) as caught:
        submit("eks:call", cluster.parameters | {"Method": "GET", "Path": "/pods"})
    assert caught.value.error == "EKS.401"
    told = {"ResponseBody": {"kind": "Status", "code": 401}, "StatusCode": 401, "StatusText": "Unauthorized"}
    assert json.loads(caught.value.cause or "") == told


def test_a_certificate_of_another_authority_is_refused(submit: Callable[..., Answer], cluster: Cluster) -> None:
    other = base64.b64encode(make_certificate()[0]).decode()
    with pytest.raises(StatesError, match=r"^EKS\.SdkClientException: "):
        submit("eks:call", cluster.parameters | {"CertificateAuthority": other, "Method": "GET", "Path": "/pods"})
    assert cluster.asked == []


def test_a_job_is_created_and_not_waited_for(submit: Callable[..., Answer], cluster: Cluster) -> None:
    cluster.script(f"POST {JOBS}", (201, JOB))
    answer = run_job(submit, cluster, "", Job=json.dumps(JOB))
    assert answer == Completed({"ResponseBody": JOB, "StatusCode": 201, "StatusText": "Created"})
    sent = json.loads(cluster.asked[0]["body"])
    assert (sent["kind"], sent["metadata"]["name"]) == ("Job", "pack")
    assert list(sent["metadata"]["annotations"]) == ["sfn-provider/idempotency-token"]


def ended(kind: str) -> dict[str, Any]:
    return {"metadata": {"name": "pack"}, "status": {"conditions": [{"type": kind, "status": "True"}]}}


def script_job(cluster: Cluster, *states: Any) -> None:
    cluster.script(f"POST {JOBS}", (201, JOB | {"metadata": {"name": "pack", "namespace": "shop"}}))
    cluster.script(f"GET {JOBS}/pack", *[state if isinstance(state, tuple) else (200, state) for state in states])


def test_a_job_is_followed_and_its_logs_are_read(
    submit: Callable[..., Answer], cluster: Cluster, caller: Caller
) -> None:
    script_job(cluster, {"status": {"active": 1}}, (503, "busy"), ended("Complete"))
    pods = "/api/v1/namespaces/shop/pods"
    pod = {"metadata": {"name": "pack-x"}, "spec": {"containers": [{"name": "main"}, {"name": "side"}]}}
    cluster.script(f"GET {pods}", (200, {"items": [pod]}))
    cluster.script(f"GET {pods}/pack-x/log", (200, '{"pi": 3.14}'), (404, {"reason": "NotFound"}))
    options = {"RetrieveLogs": True, "LogParameters": {"tailLines": ["6"]}}
    answer = run_job(submit, cluster, LogOptions=options)
    for _ in range(3):
        assert isinstance(answer, Submitted)
        answer = caller.poll(json.loads(json.dumps(answer.job)))
    assert isinstance(answer, Completed)
    containers = answer.result["logs"]["pods"]["pack-x"]["containers"]
    assert containers["main"] == {"log": {"pi": 3.14}}
    assert containers["side"]["error"] == "EKS.404"
    assert answer.result["status"] == ended("Complete")["status"]
    queries = [parse_qs(asked["query"]) for asked in cluster.asked if asked["path"].endswith("/log")]
    assert queries == [{"tailLines": ["6"], "container": [name]} for name in ("main", "side")]
    listed = next(asked for asked in cluster.asked if asked["path"] == pods)
    assert parse_qs(listed["query"]) == {"labelSelector": ["job-name=pack"]}


def test_a_failed_job(submit: Callable[..., Answer], cluster: Cluster, caller: Caller) -> None:
    script_job(cluster, ended("Failed"))
    answer = run_job(submit, cluster)
    assert isinstance(answer, Submitted)
    with pytest.raises(StatesError) as caught:
        caller.poll(answer.job)
    assert (caught.value.error, json.loads(caught.value.cause or "")) == ("States.TaskFailed", ended("Failed"))


def test_a_job_that_somebody_deleted(submit: Callable[..., Answer], cluster: Cluster, caller: Caller) -> None:
    script_job(cluster, (404, {"reason": "NotFound"}))
    answer = run_job(submit, cluster)
    assert isinstance(answer, Submitted)
    with pytest.raises(StatesError, match=r'^EKS\.404: \{"ResponseBody":\{"reason":"NotFound"\}'):
        caller.poll(answer.job)


def test_a_stopped_execution_deletes_its_job(submit: Callable[..., Answer], cluster: Cluster, caller: Caller) -> None:
    script_job(cluster, {})
    cluster.script(f"DELETE {JOBS}/pack", (200, {}))
    answer = run_job(submit, cluster)
    assert isinstance(answer, Submitted)
    caller.cancel(answer.job)
    assert (cluster.calls()[-1], cluster.asked[-1]["query"]) == (f"DELETE {JOBS}/pack", "propagationPolicy=Background")


def test_a_job_that_was_created_before_is_found_again(submit: Callable[..., Answer], cluster: Cluster) -> None:
    cluster.script(f"POST {JOBS}", (201, JOB))
    run_job(submit, cluster, "")
    before = created(cluster.asked[0]["body"])
    cluster.script(f"POST {JOBS}", (409, {"reason": "AlreadyExists"}))
    cluster.script(f"GET {JOBS}/pack", (200, before))
    assert isinstance(run_job(submit, cluster), Submitted)
    other = json.loads(json.dumps(before).replace("sfn-provider/idempotency-token", "something/else"))
    cluster.script(f"GET {JOBS}/pack", (200, other))
    with pytest.raises(StatesError, match=r"^EKS\.409: "):
        run_job(submit, cluster)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"CertificateAuthority": "no"}, "The value of the field 'CertificateAuthority' has an invalid format"),
        ({"Endpoint": "http://plain"}, "The value of the field 'Endpoint' has an invalid format"),
        ({"Job": 5}, "The value of the field 'Job' has an invalid format"),
        ({"LogOptions": {"Tail": 5}}, "The field 'Tail' is not supported by Step Functions"),
        ({"LogOptions": {"RetrieveLogs": 5}}, "The value for the field 'RetrieveLogs' must be a BOOLEAN"),
        ({"ClusterName": None}, "The field 'ClusterName' is required but was missing"),
    ],
)
def test_parameters_that_do_not_fit(
    submit: Callable[..., Answer], cluster: Cluster, fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(StatesError) as caught:
        run_job(submit, cluster, **fields)
    assert caught.value.error == "States.Runtime"
    assert problem in (caught.value.cause or "")
    assert cluster.asked == []
