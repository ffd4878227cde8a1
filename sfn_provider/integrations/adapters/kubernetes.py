"""Adapter of ``eks:call`` and ``eks:runJob``: calls the Kubernetes API of a cluster.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.base import Adapter
from sfn_provider.integrations.adapters.parameter_checks import ParameterField, find_problems
from sfn_provider.integrations.json_templates import get_path
from sfn_provider.integrations.optimized.transforms import parse_json
from sfn_provider.integrations.value_shapes import Values, json_text, raw_text


def _is_certificate(text: str) -> bool:
    try:
        return b"BEGIN CERTIFICATE" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False


_CLUSTER: Final = {
    "ClusterName": ParameterField(required=True),
    "CertificateAuthority": ParameterField(required=True, fits=_is_certificate),
    "Endpoint": ParameterField(required=True, fits=lambda text: text.startswith("https://")),
}
FIELDS: Final = {
    "Call": _CLUSTER
    | {
        "Method": ParameterField(required=True, values=("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")),
        "Path": ParameterField(required=True),
        "QueryParameters": ParameterField("lists of text"),
        "RequestBody": ParameterField("anything"),
    },
    "RunJob": _CLUSTER
    | {
        "Namespace": ParameterField(),
        "Job": ParameterField("anything", required=True),
        "LogOptions": ParameterField("object"),
    },
}
_LOG_FIELDS: Final = {
    "RetrieveLogs": ParameterField("flag"),
    "RawLogs": ParameterField("flag"),
    "LogParameters": ParameterField("lists of text"),
}

_TOKEN_ANNOTATION: Final = "sfn-provider/idempotency-token"
"""The annotation that identifies a job that was created before."""

_PATCH_CONTENT_TYPES: Final = {"PATCH": "application/merge-patch+json"}


class KubernetesAdapter(Adapter):
    """Calls a cluster for a task."""

    @staticmethod
    def check(operation: str, parameters: Json) -> Iterator[str]:
        """Return the problems of an operation's parameters, one sentence each."""
        yield from find_problems(FIELDS[operation], parameters)
        options = parameters.get("LogOptions") if isinstance(parameters, dict) else None
        if isinstance(options, dict):
            yield from find_problems(_LOG_FIELDS, options)
        job = parse_json(parameters.get("Job")) if isinstance(parameters, dict) else None
        if job is not None and not isinstance(job, dict):
            yield "The value of the field 'Job' has an invalid format"

    def perform(self, parameters: Values, token: str) -> Values:
        """Call the cluster, or create a job.

        Args:
            parameters: the task's parameters.
            token: an existing job with this token is used instead of a new one.

        Raises:
            StatesError: ``EKS.<status>``, with body and status as the cause, for every status but 2xx.
            botocore.exceptions.BotoCoreError: there was no answer, or no token.
        """
        if self.task.integration.operation == "RunJob":
            return self._create_job(parameters, token).summary
        body = parameters.get("RequestBody")
        answer = self._send(
            parameters, parameters["Method"], parameters["Path"], parameters.get("QueryParameters"), body
        )
        return self._check_call(answer).summary

    def call(self, operation: str, parameters: Values) -> Values:
        """Read a job (``GetJob``) or delete it (``DeleteJob``); raises what ``perform`` raises.

        Errors of the cluster are botocore's here, so that transient ones are recognized.
        """
        path = _jobs(parameters["Namespace"]) + https.join_path(parameters["Name"])
        if operation == "DeleteJob":
            self._check_poll(self._send(parameters, "DELETE", path, {"propagationPolicy": ["Background"]}))
            return {}
        job = self._check_poll(self._send(parameters, "GET", path)).body
        status = _status(job)
        options = parameters.get("LogOptions") or {}
        if status != "Running" and options.get("RetrieveLogs") in (True, "true"):
            job = job | {"logs": {"pods": self._logs(parameters, job, options)}}
        return {"Job": job, "Status": status}

    def convert_error(self, error: Exception) -> StatesError | UsageError:
        """Convert an error of a call."""
        from botocore.exceptions import ClientError

        if isinstance(error, ClientError) and error.operation_name == self.task.integration.operation:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return StatesError(f"{self.task.integration.errors.prefix}.{status}", error.response["Error"]["Message"])
        return super().convert_error(error)

    def _create_job(self, parameters: Values, token: str) -> https.HttpResponse:
        job = parse_json(parameters["Job"])
        metadata = job.get("metadata") or {}
        annotations = {**(metadata.get("annotations") or {}), _TOKEN_ANNOTATION: token}
        namespace = parameters.get("Namespace") or "default"
        annotated = job | {"metadata": {**metadata, "annotations": annotations}}
        answer = self._send(parameters, "POST", _jobs(namespace), None, annotated)
        if answer.status == 409 and metadata.get("name"):
            existing = self._send(parameters, "GET", _jobs(namespace) + https.join_path(metadata["name"]))
            if existing.ok and get_path(existing.body, "metadata.annotations") is not None:
                found = existing.body["metadata"]["annotations"].get(_TOKEN_ANNOTATION)
                answer = existing if found == token else answer
        return self._check_call(answer)

    def _logs(self, cluster: Values, job: Values, options: Values) -> Values:
        """Read the log of each container of each pod; one that cannot be read is replaced by its error."""
        namespace = cluster["Namespace"]
        pods = https.join_path("api/v1/namespaces", namespace, "pods")
        selector = {"labelSelector": [f"job-name={job['metadata']['name']}"]}
        answer = self._check_poll(self._send(cluster, "GET", pods, selector))
        logs: Values = {}
        for pod in answer.body.get("items", []):
            name = pod["metadata"]["name"]
            read = {
                container["name"]: self._log(cluster, pods + https.join_path(name, "log"), container["name"], options)
                for container in pod["spec"]["containers"]
            }
            logs[name] = {"containers": read}
        return logs

    def _log(self, cluster: Values, path: str, container: str, options: Values) -> Values:
        query = (options.get("LogParameters") or {}) | {"container": [container]}
        answer = self._send(cluster, "GET", path, query)
        if not answer.ok:
            return {"error": f"EKS.{answer.status}", "cause": json_text(answer.summary)}
        return {"log": answer.text if options.get("RawLogs") in (True, "true") else answer.body}

    def _send(
        self, cluster: Values, method: str, path: str, query: Json = None, body: Json = None
    ) -> https.HttpResponse:
        role_arn, region = self.task.role_arn, self.task.resource.region
        bearer = self.clients.cluster_token(cluster["ClusterName"], region, role_arn)
        headers = [("Authorization", f"Bearer {bearer}"), ("Accept", "application/json")]
        data = None if body is None else raw_text(body)
        if data is not None:
            headers.append(("Content-Type", _PATCH_CONTENT_TYPES.get(method, "application/json")))
        url = https.with_query(cluster["Endpoint"].rstrip("/") + https.join_path(path), query)
        trusted = base64.b64decode(cluster["CertificateAuthority"]).decode()
        return https.send(method, url, headers, data, trusted=trusted)

    def _check_call(self, answer: https.HttpResponse) -> https.HttpResponse:
        if answer.ok:
            return answer
        prefix = self.task.integration.errors.prefix
        raise StatesError(f"{prefix}.{answer.status}", json_text(answer.summary))

    def _check_poll(self, answer: https.HttpResponse) -> https.HttpResponse:
        from botocore.exceptions import ClientError

        if answer.ok:
            return answer
        code = "TooManyRequestsException" if answer.status == 429 else str(answer.status)
        response: Any = {
            "Error": {"Code": code, "Message": json_text(answer.summary)},
            "ResponseMetadata": {"HTTPStatusCode": answer.status},
        }
        raise ClientError(response, self.task.integration.operation)


def _jobs(namespace: str) -> str:
    return https.join_path("apis/batch/v1/namespaces", namespace, "jobs")


def _status(job: Values) -> str:
    """Give ``Complete``, ``Failed`` or ``Running``. Source: Kubernetes' JobStatus, which says so in its conditions."""
    conditions = get_path(job, "status.conditions") or []
    ended = (entry["type"] for entry in conditions if entry.get("status") == "True")
    return next((name for name in ended if name in ("Complete", "Failed")), "Running")
