"""Serves the callback endpoint as a Flask blueprint, for Airflow 2."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.callbacks import ENDPOINT_PATH, URL_PREFIX

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from sfn_provider.callbacks.api_messages import ApiResponse

_LONG_POLL_SECONDS: Final = 2.0
"""Seconds that GetActivityTask waits for a task: each request holds one of the webserver's few workers meanwhile."""

_POLL_INTERVAL: Final = 0.5


def make_blueprint() -> Blueprint:
    """Make the blueprint. It is exempt from CSRF protection: AWS clients have no form token."""
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

    response = _respond()
    return Response(response.content, status=response.status, headers=response.headers)


def _respond() -> ApiResponse:
    from flask import request

    from sfn_provider.callbacks.api_messages import ApiRequest, ApiResponse
    from sfn_provider.callbacks.endpoint import MAX_BODY_BYTES, TOO_LARGE, handle_request

    body = request.stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        return ApiResponse.from_error(TOO_LARGE)
    headers = {name.lower(): value for name, value in request.headers.items()}
    api_request = ApiRequest(request.method, request.url, headers, body)
    end = time.monotonic() + _LONG_POLL_SECONDS
    response = handle_request(api_request)
    while response.pending and time.monotonic() < end:
        time.sleep(_POLL_INTERVAL)
        response = handle_request(api_request)
    return response
