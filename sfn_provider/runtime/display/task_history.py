"""Records a task's history events in an XCom or a file, where a setting asks for it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from sfn_provider._compat import conf
from sfn_provider.engine.history.events import Record
from sfn_provider.xcom_json import encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context

HISTORY_KEY = "history"
"""XCom key of a task's history events."""

HISTORY_VARIABLE = "SFN_PROVIDER_HISTORY"
"""Environment variable that makes tasks record their history: the absolute path of a file to append a line to, or any
other text for the XCom, as ``[sfn_provider] history`` does."""


def record_history(context: Context, records: list[Record]) -> None:
    """Records the history events of a task instance.

    Args:
        context: the task's context.
        records: the events, in order.
    """
    destination = os.environ.get(HISTORY_VARIABLE, "")
    instance = context["ti"]
    if os.path.isabs(destination):
        line = json.dumps([instance.task_id, instance.map_index, records])
        with open(destination, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    elif destination or conf.getboolean("sfn_provider", "history", fallback=False):
        instance.xcom_push(key=HISTORY_KEY, value=encode_xcom([list(record) for record in records]))
