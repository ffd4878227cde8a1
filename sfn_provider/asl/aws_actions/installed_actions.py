"""Reads the actions of services from the installed botocore's models, in bounded time."""

from __future__ import annotations

from typing import Final

from sfn_provider.asl.aws_actions.service_actions import Family, ServiceActions, service_actions
from sfn_provider.botocore_models.models import is_installed

MAX_COST: Final = 250_000
"""How many characters of the shipped table the services may have whose models are read for one definition: reading
takes about a second then. Those of EC2 are 75,000, those of most services 2,000."""

_COST_OF_SERVICE: Final = 3_000
"""What it costs to find the model of a service, in characters."""


class InstalledActions:
    """The actions of the installed botocore, for one definition.

    Attributes:
        left_out: services that were asked for and not read, because others have taken the time, in order.
    """

    def __init__(self) -> None:
        self._left = MAX_COST
        self._found: dict[tuple[Family, str], ServiceActions | None] = {}
        self.left_out: dict[str, None] = {}

    def get(self, family: Family, service: str) -> ServiceActions | None:
        """Return the actions of a service; None where botocore is not installed or has no such service."""
        key = family, service
        if key not in self._found:
            shipped = service_actions(family, service)
            self._left -= _COST_OF_SERVICE + (0 if shipped is None else sum(map(len, shipped.lines.values())))
            if self._left < 0:
                self.left_out[service] = None
                return None
            self._found[key] = _read(family, service)
        return self._found[key]


def _read(family: Family, service: str) -> ServiceActions | None:
    if not is_installed():
        return None
    from sfn_provider.asl.aws_actions.botocore_actions import installed_actions

    return installed_actions(family, service)
