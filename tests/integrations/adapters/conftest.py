"""The server of tests of `http:invoke`."""

from __future__ import annotations

from tests.integrations.adapters.https_site import invoke, site

__all__ = ["invoke", "site"]
