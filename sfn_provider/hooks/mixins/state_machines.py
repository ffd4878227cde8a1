"""Hook mixin for state machines, their versions, aliases and tags."""

from __future__ import annotations

from typing import Any

from sfn_provider.executions.aws_errors import error_code
from sfn_provider.hooks.mixins.protocol import HookMixinProtocol


class StateMachineMixin(HookMixinProtocol):
    """The hook's methods about state machines."""

    def find_state_machine(self, state_machine_arn: str) -> dict[str, Any] | None:
        """Describe a state machine, a version or an alias's version; None if there is none."""
        try:
            found: dict[str, Any] = self.conn.describe_state_machine(stateMachineArn=state_machine_arn)
        except Exception as error:
            if error_code(error) == "StateMachineDoesNotExist":
                return None
            raise
        return found

    def create_state_machine(self, **request: Any) -> dict[str, Any]:
        """Create a state machine: ``request`` has CreateStateMachine's parameters."""
        created: dict[str, Any] = self.conn.create_state_machine(**request)
        return created

    def update_state_machine(self, state_machine_arn: str, **request: Any) -> dict[str, Any]:
        """Update a state machine: ``request`` has UpdateStateMachine's parameters."""
        updated: dict[str, Any] = self.conn.update_state_machine(stateMachineArn=state_machine_arn, **request)
        return updated

    def publish_version(self, state_machine_arn: str, revision_id: str | None, description: str | None) -> str:
        """Publish a version of a state machine, or find the one of the same revision; return its ARN.

        Args:
            state_machine_arn: the state machine.
            revision_id: the expected revision, so that a concurrent change is not published; None for any.
            description: of the version.
        """
        optional = {key: value for key, value in (("revisionId", revision_id), ("description", description)) if value}
        response = self.conn.publish_state_machine_version(stateMachineArn=state_machine_arn, **optional)
        return str(response["stateMachineVersionArn"])

    def find_alias(self, alias_arn: str) -> dict[str, Any] | None:
        """Describe an alias; None if there is none."""
        try:
            found: dict[str, Any] = self.conn.describe_state_machine_alias(stateMachineAliasArn=alias_arn)
        except Exception as error:
            if error_code(error) in ("ResourceNotFound", "ResourceNotFoundException"):
                return None
            raise
        return found

    def route_alias(self, alias_arn: str, routes: list[dict[str, Any]], *, create: bool) -> None:
        """Create or update an alias.

        Args:
            alias_arn: the alias.
            routes: one or two of ``{"stateMachineVersionArn": ..., "weight": 0 to 100}``; the weights add up to 100.
            create: the alias does not exist yet.
        """
        if create:
            self.conn.create_state_machine_alias(name=alias_arn.rpartition(":")[2], routingConfiguration=routes)
        else:
            self.conn.update_state_machine_alias(stateMachineAliasArn=alias_arn, routingConfiguration=routes)

    def add_tags(self, state_machine_arn: str, tags: dict[str, str]) -> None:
        """Set the tags of a state machine that differ. Others stay."""
        existing = self.conn.list_tags_for_resource(resourceArn=state_machine_arn)["tags"]
        old = {tag["key"]: tag["value"] for tag in existing}
        new = [{"key": key, "value": value} for key, value in tags.items() if old.get(key) != value]
        if new:
            self.conn.tag_resource(resourceArn=state_machine_arn, tags=new)

    def validate_definition(
        self, definition: str, state_machine_type: str = "STANDARD", severity: str = "ERROR", max_results: int = 0
    ) -> dict[str, Any]:
        """Validate a definition with AWS: ``{"result": "OK" or "FAIL", "diagnostics": [...], "truncated": bool}``.

        Args:
            definition: JSON text.
            state_machine_type: ``STANDARD`` or ``EXPRESS``.
            severity: ``WARNING`` also returns warnings.
            max_results: maximum diagnostics; 0 for AWS's maximum.
        """
        response: dict[str, Any] = self.conn.validate_state_machine_definition(
            definition=definition, type=state_machine_type, severity=severity, maxResults=max_results
        )
        return response
