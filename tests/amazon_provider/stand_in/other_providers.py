"""Stands in for a module of another provider that the amazon provider's trigger for EKS imports.

The amazon provider's test of the serialization of triggers imports all of its triggers; the one that is this package's
needs no other provider.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

from airflow.triggers.base import BaseTrigger

_CNCF = "airflow.providers.cncf"
_PACKAGES = (_CNCF, f"{_CNCF}.kubernetes", f"{_CNCF}.kubernetes.triggers")


def _add_modules() -> None:
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = []
        sys.modules[name] = package
    pod = ModuleType(f"{_PACKAGES[-1]}.pod")
    pod.KubernetesPodTrigger = BaseTrigger  # type: ignore[attr-defined]
    sys.modules[pod.__name__] = pod


if find_spec(_CNCF) is None:
    _add_modules()
