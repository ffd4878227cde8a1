"""The endpoint as a blueprint of Flask, for Airflow 2."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.callbacks import PATH, URL_PREFIX

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from sfn_provider.callbacks.endpoint import Reply

_POLL: Final = 2.0
"""Seconds that GetActivityTask waits for work: each request holds one of the webserver's few workers meanwhile."""

_BETWEEN_LOOKS: Final = 0.5


def make_blueprint() -> Blueprint:
    """Make the blueprint. Flask asks no browser's form token of it: clients of AWS have none."""
    from flask import Blueprint

    blueprint = Blueprint("sfn_provider_workers", __name__, url_prefix=URL_PREFIX)
    blueprint.add_url_rule(PATH, view_func=_view, methods=["POST"], strict_slashes=False)
    blueprint.record_once(lambda setup: _exempt(setup.app, blueprint))
    return blueprint


def _exempt(app: Any, blueprint: Blueprint) -> None:
    csrf = app.extensions.get("csrf")
    if csrf is not None:
        csrf.exempt(blueprint)


def _view() -> Response:
    from flask import Response

    reply = _reply()
    return Response(reply.content, status=reply.status, headers=reply.headers)


def _reply() -> Reply:
    from flask import request as http

    from sfn_provider.callbacks.endpoint import MAX_BODY, TOO_LARGE, Request, refuse, respond

    body = http.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return refuse(TOO_LARGE)
    headers = {name.lower(): value for name, value in http.headers.items()}
    request = Request(http.method, http.url, headers, body)
    end = time.monotonic() + _POLL
    reply = respond(request)
    while reply.waits and time.monotonic() < end:
        time.sleep(_BETWEEN_LOOKS)
        reply = respond(request)
    return reply
