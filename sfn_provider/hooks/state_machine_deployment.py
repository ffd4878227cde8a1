"""Bring a state machine to a wanted state: create it, change what differs, publish a version, move an alias."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import AirflowException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.aws_errors import CALL_TRIES, error_code, retry_aws_call

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

ROLE_TRIES: Final = 12
"""How often a role may be refused that is perhaps too new: IAM takes some seconds to make it known everywhere."""

MAX_POLLS: Final = 30
"""How often AWS may show a state machine as it was before."""

_PAUSE: Final = 5.0
_LOOK_PAUSE: Final = 2.0

# What AWS shows where nothing was set.
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
    "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DesiredStateMachine:
    """A state machine as it shall be.

    Args:
        name: its name.
        definition: JSON text.
        role_arn: the role that its executions have, in the account of the state machine.
        type: ``STANDARD`` or ``EXPRESS``; cannot be changed later.
        configurations: ``loggingConfiguration``, ``tracingConfiguration`` and ``encryptionConfiguration``, as AWS takes
            them; what is not there stays as it is.
        tags: to be set; others stay.
        publish: publish a version.
        version_description: of that version.
        alias: the name of an alias that shall lead to that version.
        alias_weight: of 100 executions by the alias so many take the version; the others the one of before.
    """

    name: str
    definition: str
    role_arn: str
    type: str = "STANDARD"
    configurations: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    publish: bool = False
    version_description: str | None = None
    alias: str | None = None
    alias_weight: int = 100


@dataclass(frozen=True, slots=True)
class DeploymentResult:
    """A state machine as it is now.

    Args:
        state_machine_arn: the state machine.
        change: ``created``, ``updated`` or ``unchanged``.
        version_arn: the version that was published, or that was there already; None where none was wanted.
        alias_arn: the alias; None where none was wanted.
    """

    state_machine_arn: str
    change: str
    version_arn: str | None = None
    alias_arn: str | None = None

    @property
    def start_arn(self) -> str:
        """The ARN to start executions by: the alias, else the version, else the state machine."""
        return self.alias_arn or self.version_arn or self.state_machine_arn


def deploy(
    hook: StepFunctionHook, wanted: DesiredStateMachine, sleep: Callable[[float], None] = time.sleep
) -> DeploymentResult:
    """Bring a state machine to the wanted state. Where it is in that state, nothing is changed.

    Args:
        hook: calls AWS.
        wanted: the state machine as it shall be.
        sleep: called with the seconds to pause.

    Raises:
        UsageError: ``role_arn`` is none, or the state machine is there with another type.
        AirflowFailException: a permission is missing.
        AirflowException: AWS does not show the new state within a minute.
        botocore.exceptions.ClientError: as AWS answers, ``InvalidDefinition`` for one.
    """
    arn = build_state_machine_arn(hook.conn_region_name, wanted)
    found = _ask(hook, lambda: hook.find_state_machine(arn))
    change, version = _bring(hook, arn, wanted, found, sleep)
    shown = _await_shown(hook, arn, wanted, sleep) if change != "unchanged" else found or {}
    if change != "created" and wanted.tags:
        _ask(hook, lambda: hook.add_tags(arn, dict(wanted.tags)))
    if wanted.publish and version is None:
        revision = shown.get("revisionId")
        version = _ask(hook, lambda: hook.publish_version(arn, revision, wanted.version_description))
    if not (wanted.alias and version):
        return DeploymentResult(arn, change, version)
    alias_arn = f"{arn}:{wanted.alias}"
    _move_alias(hook, alias_arn, version, wanted.alias_weight)
    return DeploymentResult(arn, change, version, alias_arn)


def build_state_machine_arn(region: str, wanted: DesiredStateMachine) -> str:
    """Build the state machine's ARN: its account and partition are those of its role.

    Raises:
        UsageError: ``role_arn`` is not the ARN of a role.
    """
    parts = wanted.role_arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise UsageError(
            f"role_arn: {wanted.role_arn!r} is not the ARN of a role; it reads arn:aws:iam::ACCOUNT:role/NAME"
        )
    return f"arn:{parts[1]}:states:{region}:{parts[4]}:stateMachine:{wanted.name}"


def differences(found: Mapping[str, Any], wanted: DesiredStateMachine) -> dict[str, Any]:
    """Give what UpdateStateMachine has to change; empty where the state machine is as wanted.

    Args:
        found: what DescribeStateMachine said.
        wanted: the state machine as it shall be.
    """
    changes: dict[str, Any] = {}
    if json.loads(found["definition"]) != json.loads(wanted.definition):
        changes["definition"] = wanted.definition
    if found["roleArn"] != wanted.role_arn:
        changes["roleArn"] = wanted.role_arn
    for name, value in wanted.configurations.items():
        default = _DEFAULTS[name]
        if {**default, **(found.get(name) or {})} != {**default, **value}:
            changes[name] = value
    return changes


def _bring(
    hook: StepFunctionHook,
    arn: str,
    wanted: DesiredStateMachine,
    found: Mapping[str, Any] | None,
    sleep: Callable[[float], None],
) -> tuple[str, str | None]:
    """Create or change the state machine. Gives what was done, and the ARN of a version that this has published."""
    publish: dict[str, Any] = {"publish": True} if wanted.publish else {}
    if wanted.publish and wanted.version_description:
        publish["versionDescription"] = wanted.version_description
    if found is None:
        request = _creation(wanted) | publish
        answer = _ask(hook, lambda: _with_new_role(lambda: hook.create_state_machine(**request), sleep))
        return "created", answer.get("stateMachineVersionArn")
    if found["type"] != wanted.type:
        raise UsageError(
            f"state_machine_type: {arn} is {found['type']} and cannot become {wanted.type}; "
            "delete it, or take another name"
        )
    changes = differences(found, wanted)
    if not changes:
        return "unchanged", None
    log.info("%s: changing %s", arn, ", ".join(changes))
    request = changes | publish
    answer = _ask(hook, lambda: _with_new_role(lambda: hook.update_state_machine(arn, **request), sleep))
    return "updated", answer.get("stateMachineVersionArn")


def _creation(wanted: DesiredStateMachine) -> dict[str, Any]:
    request: dict[str, Any] = {
        "name": wanted.name,
        "definition": wanted.definition,
        "roleArn": wanted.role_arn,
        "type": wanted.type,
        **wanted.configurations,
    }
    if wanted.tags:
        request["tags"] = [{"key": key, "value": value} for key, value in wanted.tags.items()]
    return request


def _await_shown(
    hook: StepFunctionHook, arn: str, wanted: DesiredStateMachine, sleep: Callable[[float], None]
) -> Mapping[str, Any]:
    """Wait until AWS shows the state machine as wanted: reading is eventually consistent."""
    for look in range(MAX_POLLS):
        if look:
            sleep(_LOOK_PAUSE)
        found: Mapping[str, Any] | None = _ask(hook, lambda: hook.find_state_machine(arn))
        if found is not None and found.get("status", "ACTIVE") == "ACTIVE" and not differences(found, wanted):
            return found
    raise AirflowException(f"{arn}: AWS has taken the change, but does not show it after {MAX_POLLS} looks. Try again.")


def _move_alias(hook: StepFunctionHook, alias_arn: str, version: str, weight: int) -> None:
    found = _ask(hook, lambda: hook.find_alias(alias_arn))
    configured = found["routingConfiguration"] if found else ()
    before = {route["stateMachineVersionArn"]: route["weight"] for route in configured}
    wanted = routes(before, version, weight)
    if wanted == before:
        return
    log.info("%s leads to %s", alias_arn, wanted)
    configuration = [{"stateMachineVersionArn": to, "weight": share} for to, share in wanted.items()]
    _ask(hook, lambda: hook.route_alias(alias_arn, configuration, create=found is None))


def routes(before: Mapping[str, int], version: str, weight: int) -> dict[str, int]:
    """Share an alias's executions between a version and the one that most of them took before.

    Args:
        before: weights by the ARN of the version, at most two; none for a new alias, which has the version alone.
        version: the ARN of the version.
        weight: how many of 100 executions take the version.
    """
    others = {arn: share for arn, share in before.items() if arn != version}
    if weight == 100 or not others:
        return {version: 100}
    return {max(others, key=lambda arn: others[arn]): 100 - weight, version: weight}


def _with_new_role(call: Callable[[], Any], sleep: Callable[[float], None]) -> Any:
    """Make a call that is refused as long as AWS does not know a new role everywhere."""
    for _ in range(ROLE_TRIES - 1):
        try:
            return call()
        except Exception as error:
            if not _may_be_new_role(error):
                raise
            log.warning("The role is refused, which passes if it is new: %s", error)
        sleep(_PAUSE)
    return call()


def _may_be_new_role(error: Exception) -> bool:
    refusals = {"AccessDeniedException": "assume the provided role", "InvalidLoggingConfiguration": "not authorized"}
    return refusals.get(error_code(error) or "", "\0") in str(error)


def _ask(hook: StepFunctionHook, call: Callable[[], Any]) -> Any:
    return retry_aws_call(call, renew=hook.renew_client, tries=CALL_TRIES)
