"""JSON values on their way through Airflow: as a run's configuration, in XComs, over deferrals.

Imports nothing of Airflow: `sfn_provider.compare` uses it outside of the private Airflow that runs the DAGs.
"""

from __future__ import annotations

import json
from typing import Any

Json = Any

INPUT_KEY = "sfn_provider:input"
"""Key in a run's configuration that holds an execution input which is no JSON object: Airflow takes objects only."""

_AS_TEXT = "sfn_provider:json"
"""Key of the object that `encode_xcom` puts in the place of a value."""


def encode_dag_run_conf(input: Json) -> dict[str, Json]:
    """The configuration of a DAG run for an execution input."""
    return input if isinstance(input, dict) and set(input) != {INPUT_KEY} else {INPUT_KEY: input}


def decode_dag_run_conf(configuration: dict[str, Json]) -> Json:
    """The execution input that `encode_dag_run_conf` was given."""
    return configuration[INPUT_KEY] if set(configuration) == {INPUT_KEY} else configuration


def encode_xcom(value: Json) -> Json:
    """A value as XComs and deferrals keep it.

    Airflow takes an object with keys such as ``__type`` or ``__classname__`` for something that it has written itself:
    it refuses it, or gives something else back. So values with keys of that kind are kept as JSON text.
    """
    return {_AS_TEXT: json.dumps(value)} if _has_reserved_key(value) else value


def decode_xcom(value: Json) -> Json:
    """What `encode_xcom` was given."""
    return json.loads(value[_AS_TEXT]) if isinstance(value, dict) and set(value) == {_AS_TEXT} else value


def _has_reserved_key(value: Json) -> bool:
    if isinstance(value, dict):
        return any(str(key).startswith("__") or key == _AS_TEXT or _has_reserved_key(value[key]) for key in value)
    return isinstance(value, list) and any(map(_has_reserved_key, value))
