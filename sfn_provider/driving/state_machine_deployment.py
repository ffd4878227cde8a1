"""Deploys a state machine: creates it or updates what differs, publishes a version, routes an alias."""

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
from sfn_provider.secret_masking import masked_line, quote

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

ROLE_TRIES: Final = 12
"""Tries with a role that AWS refuses because it may be new: IAM takes some seconds to propagate it."""

MAX_POLLS: Final = 30
"""Polls until AWS must return a state machine's new state: reads are eventually consistent."""

_ROLE_DELAY: Final = 5.0
_POLL_DELAY: Final = 2.0

# What AWS returns if nothing was set.
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
    "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DesiredStateMachine:
    """The desired state of a state machine.

    Args:
        name: its name.
        definition: JSON text.
        role_arn: the role of its executions, in the account of the state machine.
        type: ``STANDARD`` or ``EXPRESS``; cannot be changed later.
        configurations: ``loggingConfiguration``, ``tracingConfiguration`` and ``encryptionConfiguration``, with AWS's
            keys; others stay unchanged.
        tags: tags to set; others stay.
        publish: publish a version.
        version_description: of that version.
        alias: the name of an alias to route to that version.
        alias_weight: percent of the alias's executions routed to that version; the others to the previous one.
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
    """The result of a deployment.

    Args:
        state_machine_arn: the state machine.
        change: ``created``, ``updated`` or ``unchanged``.
        version_arn: the version that was published, or existed; None if none was requested.
        alias_arn: the alias; None if none was requested.
    """

    state_machine_arn: str
    change: str
    version_arn: str | None = None
    alias_arn: str | None = None

    @property
    def start_arn(self) -> str:
        """The ARN for starting executions: the alias, else the version, else the state machine."""
        return self.alias_arn or self.version_arn or self.state_machine_arn


def deploy(
    hook: StepFunctionHook, desired: DesiredStateMachine, sleep: Callable[[float], None] = time.sleep
) -> DeploymentResult:
    """Bring a state machine to the desired state. If it is in that state, nothing is changed.

    Args:
        hook: calls AWS.
        desired: the desired state.
        sleep: called with the seconds to wait.

    Raises:
        UsageError: ``role_arn`` is not the ARN of a role, or the state machine exists with another type.
        AirflowFailException: a permission is missing.
        AirflowException: AWS does not return the new state within a minute.
        botocore.exceptions.ClientError: ``InvalidDefinition`` and others.
    """
    arn = build_state_machine_arn(hook.conn_region_name, desired)
    found = _call(hook, lambda: hook.find_state_machine(arn))
    change, version = _create_or_update(hook, arn, desired, found, sleep)
    visible = _wait_until_visible(hook, arn, desired, sleep) if change != "unchanged" else found or {}
    if change != "created" and desired.tags:
        _call(hook, lambda: hook.add_tags(arn, dict(desired.tags)))
    if desired.publish and version is None:
        revision = visible.get("revisionId")
        version = _call(hook, lambda: hook.publish_version(arn, revision, desired.version_description))
    if not (desired.alias and version):
        return DeploymentResult(arn, change, version)
    alias_arn = f"{arn}:{desired.alias}"
    _route_alias(hook, alias_arn, version, desired.alias_weight)
    return DeploymentResult(arn, change, version, alias_arn)


def build_state_machine_arn(region: str, desired: DesiredStateMachine) -> str:
    """Build the state machine's ARN: its account and partition are those of its role.

    Raises:
        UsageError: ``role_arn`` is not the ARN of a role.
    """
    parts = desired.role_arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise UsageError(
            f"role_arn: {quote(desired.role_arn)} is not the ARN of a role; it reads arn:aws:iam::ACCOUNT:role/NAME"
        )
    return f"arn:{parts[1]}:states:{region}:{parts[4]}:stateMachine:{desired.name}"


def differences(found: Mapping[str, Any], desired: DesiredStateMachine) -> dict[str, Any]:
    """Return the parameters of UpdateStateMachine for what differs; empty if nothing does.

    Args:
        found: the response of DescribeStateMachine.
        desired: the desired state.
    """
    changes: dict[str, Any] = {}
    if json.loads(found["definition"]) != json.loads(desired.definition):
        changes["definition"] = desired.definition
    if found["roleArn"] != desired.role_arn:
        changes["roleArn"] = desired.role_arn
    for name, value in desired.configurations.items():
        default = _DEFAULTS[name]
        if {**default, **(found.get(name) or {})} != {**default, **value}:
            changes[name] = value
    return changes


def _create_or_update(
    hook: StepFunctionHook,
    arn: str,
    desired: DesiredStateMachine,
    found: Mapping[str, Any] | None,
    sleep: Callable[[float], None],
) -> tuple[str, str | None]:
    """Create or update the state machine. Return the change, and the ARN of the version published with it, if any."""
    publish: dict[str, Any] = {"publish": True} if desired.publish else {}
    if desired.publish and desired.version_description:
        publish["versionDescription"] = desired.version_description
    if found is None:
        request = _create_request(desired) | publish
        response = _call(hook, lambda: _retry_new_role(lambda: hook.create_state_machine(**request), sleep))
        return "created", response.get("stateMachineVersionArn")
    if found["type"] != desired.type:
        raise UsageError(
            f"state_machine_type: {arn} is {found['type']} and cannot become {desired.type}; "
            "delete it, or take another name"
        )
    changes = differences(found, desired)
    if not changes:
        return "unchanged", None
    log.info("%s: changing %s", arn, ", ".join(changes))
    request = changes | publish
    response = _call(hook, lambda: _retry_new_role(lambda: hook.update_state_machine(arn, **request), sleep))
    return "updated", response.get("stateMachineVersionArn")


def _create_request(desired: DesiredStateMachine) -> dict[str, Any]:
    request: dict[str, Any] = {
        "name": desired.name,
        "definition": desired.definition,
        "roleArn": desired.role_arn,
        "type": desired.type,
        **desired.configurations,
    }
    if desired.tags:
        request["tags"] = [{"key": key, "value": value} for key, value in desired.tags.items()]
    return request


def _wait_until_visible(
    hook: StepFunctionHook, arn: str, desired: DesiredStateMachine, sleep: Callable[[float], None]
) -> Mapping[str, Any]:
    """Poll until AWS returns the desired state: reads are eventually consistent."""
    for poll in range(MAX_POLLS):
        if poll:
            sleep(_POLL_DELAY)
        found: Mapping[str, Any] | None = _call(hook, lambda: hook.find_state_machine(arn))
        if found is not None and found.get("status", "ACTIVE") == "ACTIVE" and not differences(found, desired):
            return found
    raise AirflowException(f"{arn}: AWS has taken the change, but does not show it after {MAX_POLLS} looks. Try again.")


def _route_alias(hook: StepFunctionHook, alias_arn: str, version: str, weight: int) -> None:
    found = _call(hook, lambda: hook.find_alias(alias_arn))
    configured = found["routingConfiguration"] if found else ()
    old = {route["stateMachineVersionArn"]: route["weight"] for route in configured}
    new = routes(old, version, weight)
    if new == old:
        return
    log.info("%s leads to %s", alias_arn, new)
    configuration = [{"stateMachineVersionArn": arn, "weight": share} for arn, share in new.items()]
    _call(hook, lambda: hook.route_alias(alias_arn, configuration, create=found is None))


def routes(old: Mapping[str, int], version: str, weight: int) -> dict[str, int]:
    """Return an alias's new routes: a version, and the one that had the greatest weight before.

    Args:
        old: weights by the ARN of the version, at most two; empty for a new alias, which gets the version alone.
        version: the ARN of the version.
        weight: percent of executions routed to the version.
    """
    others = {arn: share for arn, share in old.items() if arn != version}
    if weight == 100 or not others:
        return {version: 100}
    return {max(others, key=lambda arn: others[arn]): 100 - weight, version: weight}


def _retry_new_role(call: Callable[[], Any], sleep: Callable[[float], None]) -> Any:
    """Retry a call that AWS refuses until a new role has propagated."""
    for _ in range(ROLE_TRIES - 1):
        try:
            return call()
        except Exception as error:
            if not _may_be_new_role(error):
                raise
            log.warning("The role is refused, which passes if it is new: %s", masked_line(error))
        sleep(_ROLE_DELAY)
    return call()


def _may_be_new_role(error: Exception) -> bool:
    refusals = {"AccessDeniedException": "assume the provided role", "InvalidLoggingConfiguration": "not authorized"}
    return refusals.get(error_code(error) or "", "\0") in str(error)


def _call(hook: StepFunctionHook, call: Callable[[], Any]) -> Any:
    return retry_aws_call(call, renew=hook.renew_client, tries=CALL_TRIES)
