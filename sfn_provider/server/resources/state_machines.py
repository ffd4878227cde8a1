"""Stores a state machine: its revision, versions, aliases and executions."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sfn_provider.server.resources.execution import Execution
from sfn_provider.server.resources.revisions import Revision

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType

Json = Any


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a state machine.

    Args:
        arn: its ARN, which ends in its number.
        revision: the revision that it is.
        description: its description; None without.
        created: when it was published, seconds since the epoch.
    """

    arn: str
    revision: Revision
    description: str | None
    created: float


@dataclass(slots=True)
class Alias:
    """An alias, which leads executions to one version or to two.

    Args:
        arn: its ARN.
        name: its name.
        description: its description; None without.
        routes: ARN and weight (0 to 100) of each version; the weights add up to 100.
        created: when it was created, seconds since the epoch.
        updated: when it was last updated.
    """

    arn: str
    name: str
    description: str | None
    routes: tuple[tuple[str, int], ...]
    created: float
    updated: float

    def choose_version(self, randomness: random.Random) -> str:
        """Return the ARN of the version that the next execution runs."""
        arns, weights = zip(*self.routes, strict=True)
        chosen: str = randomness.choices(arns, weights)[0]
        return chosen

    @property
    def routing_configuration(self) -> list[dict[str, Json]]:
        """The routes as the API has them."""
        return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in self.routes]


@dataclass(slots=True, eq=False)
class StateMachine:
    """A state machine.

    Args:
        arn: its ARN.
        name: its name.
        created: when it was created, seconds since the epoch.
        revision: its current revision.
        status: ``ACTIVE``; ``DELETING`` while executions of a deleted one go on.
        versions: its published versions by ARN, oldest first.
        last_version: the number of the version that was published last; numbers are not used again.
        aliases: its aliases by ARN.
        executions: its executions by ARN, oldest first.
        running: those of them that run.
    """

    arn: str
    name: str
    created: float
    revision: Revision
    status: Literal["ACTIVE", "DELETING"] = "ACTIVE"
    versions: dict[str, Version] = field(default_factory=dict)
    last_version: int = 0
    aliases: dict[str, Alias] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    running: dict[str, Execution] = field(default_factory=dict)

    @property
    def execution_type(self) -> ExecutionType:
        """``STANDARD`` or ``EXPRESS``."""
        return self.revision.execution_type

    def publish(self, description: str | None, now: float) -> Version:
        """Publish the current revision; where it has been published, nothing changes (recorded)."""
        for version in self.versions.values():
            if version.revision is self.revision:
                return version
        self.last_version += 1
        version = Version(f"{self.arn}:{self.last_version}", self.revision, description, now)
        self.versions[version.arn] = version
        return version
