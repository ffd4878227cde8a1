"""Reads execution histories from files, as the AWS command line prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sfn_provider.compare.replay.recording import Recording
from sfn_provider.exceptions import UsageError

_HOW = "fetch one with: aws stepfunctions get-execution-history --execution-arn ARN > HISTORY.json"


def read_history(path: str) -> Recording:
    """Read an execution from what ``aws stepfunctions get-execution-history`` prints.

    Args:
        path: a JSON file with an object of ``events``, and ``executionArn`` where somebody added it; or a list of
            events.

    Raises:
        UsageError: where the file cannot be read or holds no whole history.
    """
    data = _read(path)
    events = data.get("events") if isinstance(data, dict) else data
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise UsageError(f"{path}: no execution history: it has no list of events; {_HOW}")
    if isinstance(data, dict) and data.get("nextToken"):
        raise UsageError(f"{path}: the history goes on, as its nextToken says; fetch all pages into one file")
    arn = data.get("executionArn") if isinstance(data, dict) else None
    return Recording.from_events(events, path, arn)


def _read(path: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: cannot read the history: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the history is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}: not JSON: {error.msg} at line {error.lineno}, column {error.colno}; {_HOW}"
        ) from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{path}: the history nests too deep, or a number in it has too many digits") from error
