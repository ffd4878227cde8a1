"""Reads the services of the installed botocore and their models; imports it when the first is read."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import ServiceModel as ServiceModel
    from botocore.model import Shape as Shape
    from botocore.session import Session


def is_installed() -> bool:
    """Return whether botocore is installed."""
    try:
        return find_spec("botocore") is not None
    except ImportError:
        return False


def botocore_source() -> str:
    """Return the installed botocore as tables name what they were made from: ``botocore 1.43.117``."""
    import botocore

    return f"botocore {botocore.__version__}"


class BotocoreModels:
    """Reads models and caches them; that needs no credentials."""

    def __init__(self) -> None:
        self._service_models: dict[str, ServiceModel] = {}

    @cached_property
    def _session(self) -> Session:
        import botocore.session

        return botocore.session.get_session()

    def services(self) -> list[str]:
        """Return boto3's names of the services it knows."""
        return list(self._session.get_available_services())

    def model(self, service: str) -> ServiceModel:
        """Return the model of a service by boto3's name of it; botocore makes one at each call."""
        if service not in self._service_models:
            self._service_models[service] = self._session.get_service_model(service)
        return self._service_models[service]
