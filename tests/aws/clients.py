"""What makes clients of AWS cheap in tests."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import cache, partial
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session", autouse=True)
def shared_botocore_models() -> Iterator[None]:
    """Let all sessions of botocore share what they have read: reading models is most of what a client costs."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def stacks_without_source_text() -> Iterator[None]:
    """Let hooks of the amazon provider find who calls them without reading the source text of all who do.

    Each client says it to AWS. In a test the callers are many, and so are the modules that the text is looked for in:
    it was half of what tests of AWS calls cost. Only the functions' names and frames are used.
    """
    hooks = sys.modules.get("airflow.providers.amazon.aws.hooks.base_aws")
    with pytest.MonkeyPatch.context() as patch:
        if hooks is not None:
            stack = partial(inspect.stack, 0)
            patch.setattr(hooks, "inspect", SimpleNamespace(**{**vars(inspect), "stack": stack}))
        yield
