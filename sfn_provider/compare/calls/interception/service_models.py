"""Shares the service models of botocore between sessions: each hook of a DAG makes one of its own.

A session parses the models of its services, and looks through the folders of all services to find them. That takes
longer than anything else that a caught call needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_FILES: dict[str, Any] = {}
"""What is in the files of models, by their paths; None where there is no such file."""

_SERVICES: dict[tuple[tuple[str, ...], str], list[str]] = {}
"""The names of the services that have a kind of model, by the folders and by that kind."""


@contextmanager
def share_service_models() -> Iterator[None]:
    """Lets every session of botocore have the models that another one has read, as the clients of one session do."""
    from botocore.loaders import JSONFileLoader, Loader

    load_file, list_available_services = JSONFileLoader.load_file, Loader.list_available_services

    def load_once(loader: Any, file_path: str) -> Any:
        if file_path not in _FILES:
            _FILES[file_path] = load_file(loader, file_path)
        return _FILES[file_path]

    def list_once(loader: Any, type_name: str) -> list[str]:
        kind = (tuple(loader.search_paths), type_name)
        if kind not in _SERVICES:
            _SERVICES[kind] = list_available_services(loader, type_name)
        return _SERVICES[kind]

    with (
        patch.object(JSONFileLoader, "load_file", load_once),
        patch.object(Loader, "list_available_services", list_once),
    ):
        yield
