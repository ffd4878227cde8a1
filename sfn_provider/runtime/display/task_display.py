"""Shows in Airflow's pages a task's links, the retries inside of it, and its calls' parameters."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import fields_to_render, set_rendered_fields, set_rendered_fields_at_end, stores_links_at_end
from sfn_provider.asl.json_values.json_walk import map_texts
from sfn_provider.engine.requests import CallTask
from sfn_provider.links.aws_console import link_key
from sfn_provider.links.console_pages import ConsolePage
from sfn_provider.secret_masking import excerpt, mask_value

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_task import StateTask

Json = Any

RETRIES_KEY: Final = "retries"
"""XCom key of the retries inside of the task: a list of ``{"state", "attempt", "error", "cause", "delay", "at"}``."""

PARAMETERS_FIELD: Final = "parameters"
"""The rendered field that shows what a task's calls were made with."""

_MAX_PARAMETERS: Final = 4096
"""Maximum characters of a call's parameters; longer ones are shown as text that was cut."""

_MASKED_CHARACTERS: Final = 4 * _MAX_PARAMETERS
"""Characters of a call's parameters that are masked: to mask all of 256 KiB takes long."""

_MAX_RETRIES: Final = 20
"""Maximum retries in the XCom: the last ones."""

_MAX_STATES: Final = 5
"""Maximum states whose parameters a task shows: those that have called last."""

_FLUSH_SECONDS: Final = 5.0
"""Seconds between two writes of what Airflow's pages show."""


class TaskDisplay:
    """What Airflow's pages show of one run of a task, beside its log.

    Args:
        task: the task.
        context: the task's context.
    """

    def __init__(self, task: StateTask, context: Context) -> None:
        self._task = task
        self._context = context
        self._changed: dict[str, None] = {}
        self._flushed_at: float | None = None
        self._retries: list[dict[str, Json]] = []
        self._parameters: dict[str, Json] = {}
        self._addresses: dict[str, str] = {}
        task.console_addresses = self._addresses

    def to_json(self) -> dict[str, Json]:
        """Return what later parts of the task need, for `restore` in another process."""
        return {"retries": self._retries, "parameters": self._parameters, "addresses": self._addresses}

    def restore(self, data: dict[str, Json], *, restarted: bool) -> None:
        """Restores from `to_json`.

        Args:
            data: the JSON; ``{}`` for a snapshot that has none.
            restarted: True where Airflow has started the task again, False where it goes on after a deferral.
        """
        self._retries = list(data.get("retries", ()))
        self._parameters = dict(data.get("parameters", {}))
        self._addresses.update(data.get("addresses", {}))
        # Airflow removes the XComs where it starts the task again; Airflow 2 sets the rendered fields each time.
        if restarted:
            self._changed = dict.fromkeys([*self._addresses, *([RETRIES_KEY] if self._retries else [])])
        if self._parameters and (restarted or fields_to_render(PARAMETERS_FIELD)):
            self._changed[PARAMETERS_FIELD] = None

    def add_retry(self, retry: dict[str, Json]) -> None:
        """Adds a retry to the XCom `RETRIES_KEY`."""
        self._retries = [*self._retries, retry][-_MAX_RETRIES:]
        self._changed[RETRIES_KEY] = None

    def set_page(self, page: ConsolePage) -> bool:
        """Sets the page that the link of its kind leads to; returns True where that changes it."""
        key = link_key(page.kind)
        if not page.url or self._addresses.get(key) == page.url:
            return False
        self._addresses[key] = page.url
        self._changed[key] = None
        return True

    def set_parameters(self, call: CallTask) -> None:
        """Sets the parameters of a call, in place of those of the state's call before."""
        self._parameters.pop(call.state, None)
        self._parameters[call.state] = masked_parameters(call)
        for oldest in list(self._parameters)[:-_MAX_STATES]:
            del self._parameters[oldest]
        self._changed[PARAMETERS_FIELD] = None

    @property
    def has_changes(self) -> bool:
        """True where something has changed that is not shown yet."""
        return bool(self._changed)

    def flush(self, *, now: bool = False, at_end: bool = False) -> None:
        """Shows what has changed: at once where nothing was shown for some seconds.

        Args:
            now: True before the task waits: later there is no occasion.
            at_end: True where the task ends: Airflow 3 stores links and parameters itself, after it has taken the
                task's result, so that they take no time of the task's.
        """
        if at_end:
            self._leave_to_airflow()
        if not self._changed:
            return
        time_now = time.monotonic()
        if not (now or at_end) and self._flushed_at is not None and time_now - self._flushed_at < _FLUSH_SECONDS:
            return
        self._flushed_at = time_now
        changed, self._changed = self._changed, {}
        for key in changed:
            self._show(key)

    def _leave_to_airflow(self) -> None:
        """Leaves to Airflow what it stores itself when the task has ended."""
        if stores_links_at_end():
            for key in self._addresses:
                self._changed.pop(key, None)
        fields = {PARAMETERS_FIELD: self._rendered_parameters()} if PARAMETERS_FIELD in self._changed else {}
        if fields and set_rendered_fields_at_end(self._context, fields):
            del self._changed[PARAMETERS_FIELD]

    def _show(self, key: str) -> None:
        try:
            self._write(key)
        except Exception as error:  # a page that lacks something must not fail a task
            self._task.log.warning("Airflow's pages do not show %r of this task: %s", key, excerpt(str(error), 200))

    def _write(self, key: str) -> None:
        if key == PARAMETERS_FIELD:
            set_rendered_fields(self._context, {PARAMETERS_FIELD: self._rendered_parameters()})
        else:
            value = self._retries if key == RETRIES_KEY else self._addresses[key]
            self._context["ti"].xcom_push(key=key, value=value)

    def _rendered_parameters(self) -> Json:
        """Return the parameters; by state, where the task runs several."""
        states = [*self._task.states]
        is_only = len(states) == 1 and [*self._parameters] == states
        return self._parameters[states[0]] if is_only else self._parameters


def masked_parameters(call: CallTask) -> Json:
    """Return what a call is made with, without secrets; the task token, which is one, included."""
    beginning, _ = _beginning(call.arguments, _MASKED_CHARACTERS)
    token = call.token
    masked = mask_value(map_texts(beginning, lambda text: text.replace(token, "***")) if token else beginning)
    text = json.dumps(masked, ensure_ascii=False, default=str)
    # Airflow cuts as well, at this length of Python's form.
    is_short = max(len(text), len(str(masked))) <= _MAX_PARAMETERS
    return masked if is_short else f"{text[: _MAX_PARAMETERS - 3]}..."


def _beginning(value: Json, room: int) -> tuple[Json, int]:
    """Return the beginning of a JSON value, as many characters as there is room for, and the room that is left."""
    if isinstance(value, str):
        return value[: max(room, 0)], room - len(value)
    if isinstance(value, list):
        items: list[Json] = []
        for item in value:
            if room <= 0:
                break
            begun, room = _beginning(item, room - 1)
            items.append(begun)
        return items, room
    if isinstance(value, dict):
        fields: dict[str, Json] = {}
        for key, item in value.items():
            if room <= 0:
                break
            fields[key], room = _beginning(item, room - len(key))
        return fields, room
    return value, room - 1
