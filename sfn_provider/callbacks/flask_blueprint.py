"""The endpoint as a blueprint of Flask, for Airflow 2."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.callbacks import ENDPOINT_PATH, URL_PREFIX

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from sfn_provider.callbacks.endpoint import ApiResponse

_LONG_POLL_SECONDS: Final = 2.0
"""Seconds that GetActivityTask waits for work: each request holds one of the webserver's few workers meanwhile."""

_POLL_INTERVAL: Final = 0.5


def make_blueprint() -> Blueprint:
    """Make the blueprint. Flask asks no browser's form token of it: clients of AWS have none."""
    from flask import Blueprint

    blueprint = Blueprint("sfn_provider_workers", __name__, url_prefix=URL_PREFIX)
    blueprint.add_url_rule(ENDPOINT_PATH, view_func=_view, methods=["POST"], strict_slashes=False)
    blueprint.record_once(lambda setup: _exempt_from_csrf(setup.app, blueprint))
    return blueprint


def _exempt_from_csrf(app: Any, blueprint: Blueprint) -> None:
    csrf = app.extensions.get("csrf")
    if csrf is not None:
        csrf.exempt(blueprint)


def _view() -> Response:
    from flask import Response

    reply = _reply()
    return Response(reply.content, status=reply.status, headers=reply.headers)


def _reply() -> ApiResponse:
    from flask import request as http

    from sfn_provider.callbacks.endpoint import MAX_BODY_BYTES, TOO_LARGE, ApiRequest, error_response, handle_request

    body = http.stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        return error_response(TOO_LARGE)
    headers = {name.lower(): value for name, value in http.headers.items()}
    request = ApiRequest(http.method, http.url, headers, body)
    end = time.monotonic() + _LONG_POLL_SECONDS
    reply = handle_request(request)
    while reply.waits and time.monotonic() < end:
        time.sleep(_POLL_INTERVAL)
        reply = handle_request(request)
    return reply
