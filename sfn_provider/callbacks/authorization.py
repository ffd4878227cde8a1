"""Authorizes requests to the callback endpoint, as ``[sfn_provider] worker_auth`` says.

``token``: the task token alone authorizes an answer. Workers of activities have none yet, so they need one of the
others. ``signature``: requests are signed (AWS Signature Version 4, as every AWS client does) with the keys in
``[sfn_provider] worker_access_key_id`` and ``worker_secret_access_key``. ``airflow``: requests have a bearer token of
Airflow's REST API, and Airflow's auth manager must permit its user to edit the task instances of the DAG.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from time import time
from typing import Final

from sfn_provider._compat import conf
from sfn_provider.aws_signatures import ReceivedRequest
from sfn_provider.callbacks.api_messages import ApiError, ApiRequest
from sfn_provider.callbacks.dag_permissions import task_instance_edit_permission
from sfn_provider.exceptions import UsageError

DagPermission = Callable[[str], bool]
"""Tells by a DAG's id whether a request may answer the DAG's tasks."""

_MAX_CLOCK_SKEW: Final = 300.0
"""Seconds by which the clocks of a worker and of this server may differ, as in AWS."""

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)/states/aws4_request,"
    r"\s*SignedHeaders=(?P<signed>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_REQUIRED_SIGNED_HEADERS: Final = frozenset({"host", "x-amz-date", "x-amz-target"})


def authorize(request: ApiRequest, action: str) -> DagPermission:
    """Authorize a request for an action.

    Raises:
        ApiError: the request is rejected.
        UsageError: the option ``worker_auth`` has no such value.
    """
    mode = conf.get("sfn_provider", "worker_auth", fallback="token")
    if mode not in _AUTHORIZERS:
        raise UsageError(f"[sfn_provider] worker_auth is {mode!r}; it must be one of {', '.join(_AUTHORIZERS)}")
    return _AUTHORIZERS[mode](request, action)


def _by_token(request: ApiRequest, action: str) -> DagPermission:
    if action == "GetActivityTask":
        message = "Activities need [sfn_provider] worker_auth = signature or airflow"
        raise ApiError("AccessDeniedException", message, 403)
    return lambda dag_id: True


def _by_signature(request: ApiRequest, action: str) -> DagPermission:
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if match is None:
        raise ApiError(
            "MissingAuthenticationTokenException", "The request must be signed for the service 'states'", 403
        )
    key = conf.get("sfn_provider", "worker_access_key_id", fallback="")
    secret = conf.get("sfn_provider", "worker_secret_access_key", fallback="")
    known_key = hmac.compare_digest(match["key"].encode(), key.encode())
    expected = _signature(request, match, secret)
    if not (key and secret and known_key and expected and hmac.compare_digest(expected, match["signature"])):
        raise ApiError("InvalidSignatureException", "The signature of the request is not the expected one", 403)
    return lambda dag_id: True


def _signature(request: ApiRequest, match: re.Match[str], secret: str) -> str:
    """Return the signature that is expected; empty for a request that no signature makes valid.

    That is also one without a required signed header, and one that is too old.
    """
    signed = match["signed"].split(";")
    received = ReceivedRequest(request.method, request.url, request.headers, request.body)
    if not _REQUIRED_SIGNED_HEADERS.issubset(signed) or received.seconds_off(match["day"], time()) > _MAX_CLOCK_SKEW:
        return ""
    return received.signature(signed, match["key"], secret, match["region"], "states") or ""


def _by_airflow(request: ApiRequest, action: str) -> DagPermission:
    is_permitted = task_instance_edit_permission(request.headers.get("authorization", ""))
    if is_permitted is None:
        raise ApiError("UnrecognizedClientException", "The request must bear a token of Airflow's REST API", 403)
    return is_permitted


_AUTHORIZERS: Final[dict[str, Callable[[ApiRequest, str], DagPermission]]] = {
    "token": _by_token,
    "signature": _by_signature,
    "airflow": _by_airflow,
}
