"""Encodes JSON so that XComs, DagRun.conf and deferrals return it unchanged.

Imports nothing of Airflow: `sfn_provider.compare` uses it outside of the private Airflow that runs the DAGs.
"""

from __future__ import annotations

import json
from typing import Any

Json = Any

INPUT_KEY = "sfn_provider:input"
"""Key in a run's configuration of an execution input that is no JSON object: Airflow accepts only objects."""

NEXT_KEY = "next"
"""XCom key of the state that comes after states that stay exact among native tasks; an empty text where none does."""

VARIABLES_KEY = "variables"
"""XCom key of the variables behind such states, by name; there where one is set."""

_TEXT_KEY = "sfn_provider:json"
"""Key of the object in which `encode_xcom` wraps a value as JSON text."""


def encode_dag_run_conf(input: Json) -> dict[str, Json]:
    """Return the configuration of a DAG run for an execution input."""
    return input if isinstance(input, dict) and set(input) != {INPUT_KEY} else {INPUT_KEY: input}


def decode_dag_run_conf(configuration: dict[str, Json]) -> Json:
    """Return the execution input that `encode_dag_run_conf` has encoded."""
    return configuration[INPUT_KEY] if set(configuration) == {INPUT_KEY} else configuration


def encode_xcom(value: Json) -> Json:
    """Return a value in a form that XComs and deferrals return unchanged.

    Airflow takes an object with keys such as ``__type`` or ``__classname__`` for one that it has serialised itself: it
    raises, or returns another value. So values with keys of that kind are stored as JSON text.
    """
    return {_TEXT_KEY: json.dumps(value)} if _has_reserved_key(value) else value


def decode_xcom(value: Json) -> Json:
    """Return the value that `encode_xcom` has encoded."""
    return json.loads(value[_TEXT_KEY]) if isinstance(value, dict) and set(value) == {_TEXT_KEY} else value


def _has_reserved_key(value: Json) -> bool:
    if isinstance(value, dict):
        return any(str(key).startswith("__") or key == _TEXT_KEY or _has_reserved_key(value[key]) for key in value)
    return isinstance(value, list) and any(map(_has_reserved_key, value))
