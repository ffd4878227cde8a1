"""Makes the local server's pages, an ASGI application: no scripts, everything escaped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sfn_provider.drawing.execution_paths import find_execution_paths
from sfn_provider.drawing.graph import machine_graph
from sfn_provider.drawing.html_templates import make_environment
from sfn_provider.drawing.svg import Drawing, draw
from sfn_provider.engine.history.events import Record
from sfn_provider.formatting import cut_long, format_seconds

if TYPE_CHECKING:
    from sfn_provider.server.resources.execution import Execution
    from sfn_provider.server.resources.state_machines import StateMachine
    from sfn_provider.server.service import StepFunctionsService

_MOST_EXECUTIONS: Final = 200
_MOST_EVENTS: Final = 1_000
_MOST_TEXT: Final = 20_000
"""Characters of a value that a page shows."""

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Event:
    """A row of a history: the event, seconds since the start, and its details as text."""

    id: int
    previous: int
    type: str
    at: float
    name: str
    details: str


def make_pages(service: StepFunctionsService) -> Starlette:
    """Make the pages of a service.

    Args:
        service: whose state machines and executions they show; read in the event loop that it runs in.
    """
    site = _Site(service)
    return Starlette(
        routes=[
            Route("/", site.index),
            Route("/machine", site.machine),
            Route("/execution", site.execution),
            Route("/style.css", _style),
        ],
        exception_handlers={404: lambda request, _: _error(request, "There is no such page.")},
    )


class _Site:
    def __init__(self, service: StepFunctionsService) -> None:
        self._state = service.state

    async def index(self, request: Request) -> Response:
        """Show the state machines and the latest executions."""
        machines = [(machine, _count(machine.executions.values())) for machine in self._state.state_machines.values()]
        return _page("index.html.j2", machines=machines, executions=_latest(self._state.executions), refresh=True)

    async def machine(self, request: Request) -> Response:
        """Show a state machine: its graph, its definition and its executions."""
        machine = self._state.state_machines.get(request.query_params.get("arn", ""))
        if machine is None:
            return _error(request, "There is no such state machine; it may have been deleted.")
        drawing = await asyncio.to_thread(_draw, machine, ())
        executions = _latest(machine.executions)
        running = any(execution.status == "RUNNING" for execution in executions)
        definition = machine.revision.definition
        return _page(
            "machine.html.j2",
            machine=machine,
            drawing=drawing,
            executions=executions,
            definition=definition,
            refresh=running,
        )

    async def execution(self, request: Request) -> Response:
        """Show an execution: its data, what of the graph it has taken, its history."""
        execution = self._state.executions.get(request.query_params.get("arn", ""))
        if execution is None:
            return _error(request, "There is no such execution; those of another run of the server are forgotten.")
        records = tuple(execution.records)
        drawing = await asyncio.to_thread(_draw, execution, records)
        machine = self._state.state_machines.get(execution.machine_arn.partition("/")[0])
        return _page(
            "execution.html.j2",
            execution=execution,
            machine=machine,
            drawing=drawing,
            events=[_event(record, execution.started) for record in records[-_MOST_EVENTS:]],
            more=max(0, len(records) - _MOST_EVENTS),
            refresh=execution.status == "RUNNING",
        )


def _latest(executions: dict[str, Execution]) -> list[Execution]:
    return list(islice(reversed(executions.values()), _MOST_EXECUTIONS))


def _count(executions: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for execution in executions:
        counts[execution.status] = counts.get(execution.status, 0) + 1
    return counts


def _draw(item: StateMachine | Execution, records: tuple[Record, ...]) -> Drawing:
    graph = machine_graph(item.revision.compiled.machine)
    return draw(graph, find_execution_paths(graph, records))


def _event(record: Record, started: float) -> Event:
    details = {name: value for name, value in record.details.items() if name != "name"}
    text = _json(details) if details else ""
    name = str(record.details.get("name", ""))
    return Event(record.id, record.previous, record.type, max(0.0, record.at - started), name, text)


def _json(value: Any) -> str:
    return cut_long(json.dumps(value, indent=2, ensure_ascii=False), _MOST_TEXT)


def _pretty(text: str | None) -> str:
    """Return JSON text with indents; text that is no JSON, and a value that is too long for that, as it is."""
    if text is None:
        return ""
    if len(text) > _MOST_TEXT:
        return cut_long(text, _MOST_TEXT)
    try:
        return _json(json.loads(text))
    except ValueError:
        return text


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(execution: Execution) -> str:
    return format_seconds(None if execution.stopped is None else execution.stopped - execution.started)


@cache
def _environment() -> Environment:
    made = make_environment("sfn_provider.server.pages")
    filters: dict[str, Callable[..., str]] = {"time": _time, "duration": _duration, "pretty": _pretty}
    made.filters |= filters
    return made


def _page(template: str, *, status: int = 200, **values: Any) -> Response:
    text = _environment().get_template(template).render(**values)
    # JSON may hold halves of surrogate pairs, which no file can.
    return Response(text.encode("utf-8", "backslashreplace"), status, _HEADERS, "text/html; charset=utf-8")


def _error(request: Request, message: str) -> Response:
    return _page("error.html.j2", status=404, message=message, refresh=False)


async def _style(request: Request) -> Response:
    text = _environment().get_template("style.css.j2").render()
    return Response(text, 200, _HEADERS | {"Cache-Control": "max-age=60"}, "text/css; charset=utf-8")
