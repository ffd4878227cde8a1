"""Operators that create or update a state machine from a file, and validate a definition with AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, get_args

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.driving.argument_checks import Check, is_dict, literal, number, one_of, or_none, true_or_false
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.argument_types import Severity, StateMachineType
from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error, error_code
from sfn_provider.links.step_function import StateMachineDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.driving.state_machine_deployment import DesiredStateMachine
    from sfn_provider.translate.definitions.deployable import DeployableDefinition

_SEVERITIES: Final = get_args(Severity)
_RETRYABLE_CODES: Final = frozenset({None, "ConflictException", "StateMachineDeleting"})
"""Codes of errors that a later try can resolve; None for an error that is not a response of AWS."""


class DefinitionOperator(StepFunctionsOperator):
    """Reads a definition from a file."""

    ui_color = "#d7f0c2"
    argument_checks: ClassVar[Mapping[str, Check]] = {
        "definition": literal,
        "state_machine_type": or_none(one_of(get_args(StateMachineType))),
    }

    definition: str | dict[str, Any]
    """Not a template field: JSONata's ``{% %}`` would be rendered as Jinja."""
    substitutions: dict[str, str] | None
    state_machine_type: StateMachineType | None

    def _read_definition(self) -> DeployableDefinition:
        """Read the definition, and check it without AWS."""
        from sfn_provider.translate.definitions.deployable import read_deployable

        folder = os.path.dirname(self.dag.fileloc) if self.has_dag() else ""  # type: ignore[no-untyped-call]
        definition = read_deployable(self.definition, self.substitutions or {}, folder, self.state_machine_type)
        for warning in definition.warnings:
            self.log.warning(warning)
        return definition


class StepFunctionCreateOrUpdateStateMachineOperator(DefinitionOperator):
    """Create a state machine from a file, or update an existing one to the file.

    The definition is linted first; if it has an error, AWS is not called. If definition, role and configurations are
    up to date, nothing is changed. After a change the task waits until AWS returns it.

    The task returns the ARN for starting executions: that of the alias, else of the version, else of the state machine.
    Further XComs: ``state_machine_arn``, ``state_machine_version_arn``, ``state_machine_alias_arn`` (None if not
    requested) and ``change``: ``created``, ``updated`` or ``unchanged``.

    Args:
        name: the state machine's name.
        definition: ``FILE`` or ``FILE#Name`` (JSON with comments, YAML, CloudFormation, SAM, Terraform; a relative path
            starts at the DAG file's folder), or the definition's text, or a dict. It is not rendered as a template.
        role_arn: the role of executions, in the account of the state machine.
        substitutions: values for ``${Name}`` in the definition: for every placeholder, and no others.
        state_machine_type: ``STANDARD`` or ``EXPRESS``. Default: the file's, else STANDARD.
        logging_configuration: as AWS's ``loggingConfiguration``; None leaves it unchanged.
        tracing_configuration: as AWS's ``tracingConfiguration``; None leaves it unchanged.
        encryption_configuration: as AWS's ``encryptionConfiguration``; None leaves it unchanged.
        tags: tags to set; others stay.
        publish: publish a version, unless there is one of the same revision.
        version_description: of that version.
        alias: name of an alias to route to the version; implies ``publish``.
        alias_weight: percent of the alias's executions routed to the version, 1 to 100; the others are routed to the
            version that had the greatest weight before.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "name", "role_arn", "substitutions", "tags", "version_description", "alias"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"substitutions": "json", "tags": "json"}
    operator_extra_links = (StateMachineDetailsLink(),)
    argument_checks: ClassVar[Mapping[str, Check]] = {
        "alias_weight": number(1, 100, kind=int),
        "publish": true_or_false,
        **dict.fromkeys(
            ("logging_configuration", "tracing_configuration", "encryption_configuration"), or_none(is_dict)
        ),
    }

    name: str
    role_arn: str
    logging_configuration: dict[str, Any] | None
    tracing_configuration: dict[str, Any] | None
    encryption_configuration: dict[str, Any] | None
    tags: dict[str, str] | None
    publish: bool
    version_description: str | None
    alias: str | None
    alias_weight: int

    def __init__(
        self,
        *,
        name: str,
        definition: str | dict[str, Any],
        role_arn: str,
        substitutions: dict[str, str] | None = None,
        state_machine_type: StateMachineType | None = None,
        logging_configuration: dict[str, Any] | None = None,
        tracing_configuration: dict[str, Any] | None = None,
        encryption_configuration: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        publish: bool = False,
        version_description: str | None = None,
        alias: str | None = None,
        alias_weight: int = 100,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            name=name,
            definition=definition,
            role_arn=role_arn,
            substitutions=substitutions,
            state_machine_type=state_machine_type,
            logging_configuration=logging_configuration,
            tracing_configuration=tracing_configuration,
            encryption_configuration=encryption_configuration,
            tags=tags,
            publish=publish,
            version_description=version_description,
            alias=alias,
            alias_weight=alias_weight,
        )

    def execute(self, context: Context) -> str:
        """Create or update the state machine.

        Raises:
            AirflowFailException: the definition or another argument is invalid, or a permission is missing.
            AirflowException: AWS does not return the change.
        """
        from sfn_provider.driving.state_machine_deployment import deploy
        from sfn_provider.secret_masking import masked_line

        try:
            with self._fail_on_usage_error():
                deployed = deploy(self.hook, self._desired())
        except AirflowException:
            raise
        except Exception as error:
            if error_code(error) in _RETRYABLE_CODES or classify_error(error) is not AwsErrorKind.FINAL:
                raise
            raise AirflowFailException(f"{self.name}: AWS refuses it: {masked_line(error)}") from error
        arn = deployed.state_machine_arn
        self.log.info("%s: %s", arn, deployed.change)
        StateMachineDetailsLink.persist_for(self, context, state_machine_arn=arn)
        self._push_xcoms(
            context,
            state_machine_arn=arn,
            state_machine_version_arn=deployed.version_arn,
            state_machine_alias_arn=deployed.alias_arn,
            change=deployed.change,
        )
        return deployed.start_arn

    def _desired(self) -> DesiredStateMachine:
        from sfn_provider.driving.state_machine_deployment import DesiredStateMachine

        definition = self._read_definition()
        configurations = {
            "loggingConfiguration": self.logging_configuration,
            "tracingConfiguration": self.tracing_configuration,
            "encryptionConfiguration": self.encryption_configuration,
        }
        return DesiredStateMachine(
            name=self.name,
            definition=definition.text,
            role_arn=self.role_arn,
            type=definition.type,
            configurations={key: value for key, value in configurations.items() if value is not None},
            tags=self.tags or {},
            publish=self.publish or bool(self.alias),
            version_description=self.version_description,
            alias=self.alias,
            alias_weight=self.alias_weight,
        )


class StepFunctionValidateStateMachineOperator(DefinitionOperator):
    """Validate a definition with AWS (ValidateStateMachineDefinition), and fail with its findings.

    The definition is linted first; if it has an error, AWS is not called. The task returns AWS's
    diagnostics: dicts with ``severity``, ``code``, ``message`` and ``location``.

    Args:
        definition: ``FILE`` or ``FILE#Name`` (JSON with comments, YAML, CloudFormation, SAM, Terraform; a relative path
            starts at the DAG file's folder), or the definition's text, or a dict. It is not rendered as a template.
        substitutions: values for ``${Name}`` in the definition: for every placeholder, and no others.
        state_machine_type: ``STANDARD`` or ``EXPRESS``. Default: the file's, else STANDARD.
        severity: ``WARNING`` also returns warnings.
        fail_on: the severity that fails the task: ``ERROR``, or ``WARNING`` for both, which implies ``severity``.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    template_fields: Sequence[str] = aws_template_fields("substitutions")
    template_fields_renderers: ClassVar[dict[str, str]] = {"substitutions": "json"}

    argument_checks: ClassVar[Mapping[str, Check]] = dict.fromkeys(("severity", "fail_on"), one_of(_SEVERITIES))

    severity: Severity
    fail_on: Severity

    def __init__(
        self,
        *,
        definition: str | dict[str, Any],
        substitutions: dict[str, str] | None = None,
        state_machine_type: StateMachineType | None = None,
        severity: Severity = "ERROR",
        fail_on: Severity = "ERROR",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            definition=definition,
            substitutions=substitutions,
            state_machine_type=state_machine_type,
            severity=severity,
            fail_on=fail_on,
        )

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Validate the definition.

        Raises:
            AirflowFailException: the definition is invalid (the message lists the diagnostics), or a permission is
                missing.
        """
        severity = max(self.severity, self.fail_on, key=_SEVERITIES.index)
        with self._fail_on_usage_error():
            definition = self._read_definition()
        response = self._call_with_retries(
            lambda: self.hook.validate_definition(definition.text, definition.type, severity)
        )
        diagnostics: list[dict[str, Any]] = response["diagnostics"]
        limit = _SEVERITIES.index(self.fail_on)
        failures = [one for one in diagnostics if _SEVERITIES.index(one["severity"]) <= limit]
        if failures:
            more = "\nThere is more that AWS has left out." if response.get("truncated") else ""
            raise AirflowFailException(f"{definition.origin}: AWS finds\n" + "\n".join(map(_format, failures)) + more)
        for one in diagnostics:
            self.log.warning("%s", _format(one))
        return diagnostics


def _format(diagnostic: Mapping[str, Any]) -> str:
    from sfn_provider.secret_masking import masked_line

    return masked_line("  {severity} {code} at {location}: {message}".format(**{"location": "/", **diagnostic}))
