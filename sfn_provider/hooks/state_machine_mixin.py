"""Calls of the hook about state machines, their versions and aliases."""

from __future__ import annotations

from typing import Any

from sfn_provider.executions.aws_errors import error_code
from sfn_provider.hooks.mixin_protocol import HookMixinProtocol


class StateMachineMixin(HookMixinProtocol):
    """The part of the hook that creates, changes and checks state machines."""

    def find_state_machine(self, state_machine_arn: str) -> dict[str, Any] | None:
        """Describe a state machine, a version or what an alias leads to; None where there is none."""
        try:
            found: dict[str, Any] = self.conn.describe_state_machine(stateMachineArn=state_machine_arn)
        except Exception as error:
            if error_code(error) == "StateMachineDoesNotExist":
                return None
            raise
        return found

    def create_state_machine(self, **request: Any) -> dict[str, Any]:
        """Create a state machine: ``request`` is CreateStateMachine's, in AWS's names."""
        created: dict[str, Any] = self.conn.create_state_machine(**request)
        return created

    def update_state_machine(self, state_machine_arn: str, **request: Any) -> dict[str, Any]:
        """Change a state machine: ``request`` is UpdateStateMachine's, in AWS's names."""
        updated: dict[str, Any] = self.conn.update_state_machine(stateMachineArn=state_machine_arn, **request)
        return updated

    def publish_version(self, state_machine_arn: str, revision_id: str | None, description: str | None) -> str:
        """Publish a version of a state machine as it is, or find the one that is there; gives its ARN.

        Args:
            state_machine_arn: the state machine.
            revision_id: the revision that is meant, so that a change by somebody else is not published; None for any.
            description: of the version.
        """
        more = {key: value for key, value in (("revisionId", revision_id), ("description", description)) if value}
        response = self.conn.publish_state_machine_version(stateMachineArn=state_machine_arn, **more)
        return str(response["stateMachineVersionArn"])

    def find_alias(self, alias_arn: str) -> dict[str, Any] | None:
        """Describe an alias; None where there is none."""
        try:
            found: dict[str, Any] = self.conn.describe_state_machine_alias(stateMachineAliasArn=alias_arn)
        except Exception as error:
            if error_code(error) in ("ResourceNotFound", "ResourceNotFoundException"):
                return None
            raise
        return found

    def route_alias(self, alias_arn: str, routes: list[dict[str, Any]], *, create: bool) -> None:
        """Create or move an alias.

        Args:
            alias_arn: the alias.
            routes: one or two of ``{"stateMachineVersionArn": ..., "weight": 0 to 100}``; the weights add up to 100.
            create: whether it is a new one.
        """
        if create:
            self.conn.create_state_machine_alias(name=alias_arn.rpartition(":")[2], routingConfiguration=routes)
        else:
            self.conn.update_state_machine_alias(stateMachineAliasArn=alias_arn, routingConfiguration=routes)

    def add_tags(self, state_machine_arn: str, tags: dict[str, str]) -> None:
        """Set those tags of a state machine that are not so yet. Others stay."""
        there = self.conn.list_tags_for_resource(resourceArn=state_machine_arn)["tags"]
        old = {tag["key"]: tag["value"] for tag in there}
        new = [{"key": key, "value": value} for key, value in tags.items() if old.get(key) != value]
        if new:
            self.conn.tag_resource(resourceArn=state_machine_arn, tags=new)

    def validate_definition(
        self, definition: str, state_machine_type: str = "STANDARD", severity: str = "ERROR", max_results: int = 0
    ) -> dict[str, Any]:
        """Let AWS check a definition: ``{"result": "OK" or "FAIL", "diagnostics": [...], "truncated": bool}``.

        Args:
            definition: JSON text.
            state_machine_type: ``STANDARD`` or ``EXPRESS``.
            severity: ``WARNING`` asks for warnings, too.
            max_results: diagnostics at most; 0 for as many as AWS gives.
        """
        response: dict[str, Any] = self.conn.validate_state_machine_definition(
            definition=definition, type=state_machine_type, severity=severity, maxResults=max_results
        )
        return response
