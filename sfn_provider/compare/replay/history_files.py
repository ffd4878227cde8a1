"""Reads execution histories from files, as the AWS command line prints them."""

from __future__ import annotations

from sfn_provider.compare.replay.recording import Recording
from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import read_json_file

_HOW = "fetch one with: aws stepfunctions get-execution-history --execution-arn ARN > HISTORY.json"


def read_history(path: str) -> Recording:
    """Read an execution from what ``aws stepfunctions get-execution-history`` prints.

    Args:
        path: a JSON file with an object of ``events``, and ``executionArn`` where somebody added it; or a list of
            events.

    Raises:
        UsageError: where the file cannot be read or holds no whole history.
    """
    data = read_json_file(path, "an execution history", f"; {_HOW}")
    events = data.get("events") if isinstance(data, dict) else data
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise UsageError(f"{path}: no execution history: it has no list of events; {_HOW}")
    if isinstance(data, dict) and data.get("nextToken"):
        raise UsageError(f"{path}: the history goes on, as its nextToken says; fetch all pages into one file")
    arn = data.get("executionArn") if isinstance(data, dict) else None
    return Recording.from_events(events, path, arn)
