"""Gives the built distributions the project's addresses, where the build is told the repository's."""

from __future__ import annotations

import os
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class CustomMetadataHook(MetadataHookInterface):
    """Makes ``project.urls`` of the environment variable ``REPOSITORY_URL``; without it, there are none."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the addresses in the metadata of a distribution."""
        url = os.environ.get("REPOSITORY_URL", "").rstrip("/")
        if url:
            files = f"{url}/blob/main"
            metadata["urls"] = {
                "Homepage": url,
                "Documentation": f"{files}/docs/index.md",
                "Changelog": f"{files}/CHANGELOG.md",
                "Source": url,
                "Issues": f"{url}/issues",
            }
