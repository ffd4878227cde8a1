"""What makes clients of AWS cheap in tests."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def shared_botocore_models() -> Iterator[None]:
    """Let all sessions of botocore share what they have read: reading models is most of what a client costs."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def shared_event_names() -> Iterator[None]:
    """Let all sessions of botocore share their events' names, and which handlers take any argument.

    A session asks for both 130 times when it is made, and each hook makes one: it was a third of what their tests cost.
    """
    from botocore import compat, hooks

    make, names = hooks.EventAliaser.__init__, {}

    def make_with_names(aliaser: Any, *arguments: Any, **named: Any) -> None:
        make(aliaser, *arguments, **named)
        if aliaser._event_aliases == hooks.EVENT_ALIASES:
            aliaser._alias_name_cache = names

    accepts = lru_cache(maxsize=1_000)(compat.accepts_kwargs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks.EventAliaser, "__init__", make_with_names)
        patch.setattr(hooks, "accepts_kwargs", lambda handler: accepts(getattr(handler, "__func__", handler)))
        yield


@pytest.fixture(scope="session", autouse=True)
def stacks_without_sources() -> Iterator[None]:
    """Let hooks of the amazon provider find who calls them without looking for the sources of all who do.

    Each client says it to AWS. In a test the callers are many, and so are the modules that a source is looked for in:
    it was half of what tests of AWS calls cost. Only the functions' names and frames are used.
    """
    hooks = sys.modules.get("airflow.providers.amazon.aws.hooks.base_aws")
    with pytest.MonkeyPatch.context() as patch:
        if hooks is not None:
            patch.setattr(hooks, "inspect", SimpleNamespace(**{**vars(inspect), "stack": _stack}))
        yield


def _stack() -> list[inspect.FrameInfo]:
    """The stack as `inspect.stack` gives it, without its lines."""
    frames, frame = [], inspect.currentframe()
    while frame is not None:
        frames.append(inspect.FrameInfo(frame, "", frame.f_lineno, frame.f_code.co_name, None, None))
        frame = frame.f_back
    return frames[1:]
