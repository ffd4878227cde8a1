"""Operators for state machines themselves: create or update one from a file, and let AWS check a definition."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error, error_code
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, one_of
from sfn_provider.links.step_function import StateMachineDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.hooks.state_machine_deployment import DesiredStateMachine
    from sfn_provider.translate.definitions.deployable import DeployableDefinition

MachineType = Literal["STANDARD", "EXPRESS"]
Severity = Literal["ERROR", "WARNING"]

TYPES: Final = ("STANDARD", "EXPRESS")
SEVERITIES: Final = ("ERROR", "WARNING")

_PASSING: Final = frozenset({None, "ConflictException", "StateMachineDeleting"})
"""Codes of errors that a later try may not see; None for an error that AWS has not answered with."""


class DefinitionOperator(StepFunctionsOperator):
    """Has a definition, out of a file.

    It has no constructor: each one of a class costs time at every parse. The operators set these attributes.
    """

    definition: str | dict[str, Any]
    """``FILE`` or ``FILE#Name``: JSON with comments, YAML, or a machine of a CloudFormation, SAM or Terraform file; a
    relative path starts at the DAG file's folder. Or the definition itself: its text, or a dict. It is never rendered
    as a template: JSONata's ``{% %}`` would be taken for Jinja's."""
    substitutions: dict[str, str] | None
    """Values for ``${Name}`` in the definition; each must have a place, and no name may be left."""
    state_machine_type: MachineType | None
    """Default: what the file says, else STANDARD."""

    def _read_definition(self) -> DeployableDefinition:
        """Read the definition, and check it as far as that needs no AWS."""
        from sfn_provider.translate.definitions.deployable import read_deployable

        folder = os.path.dirname(self.dag.fileloc) if self.has_dag() else ""  # type: ignore[no-untyped-call]
        definition = read_deployable(self.definition, self.substitutions or {}, folder, self.state_machine_type)
        for warning in definition.warnings:
            self.log.warning(warning)
        return definition


class StepFunctionCreateOrUpdateStateMachineOperator(DefinitionOperator):
    """Create a state machine from a file, or bring an existing one to what the file says.

    The definition is checked first; where it has an error, AWS is not asked. Where definition, role and configurations
    are as wanted, nothing is changed. After a change the task waits until AWS shows it.

    The task returns the ARN to start executions by: that of the alias, else of the version, else of the state machine.
    Further XComs: ``state_machine_arn``, ``state_machine_version_arn``, ``state_machine_alias_arn`` (None where not
    wanted) and ``change``: ``created``, ``updated`` or ``unchanged``.

    Args:
        name: the state machine's name.
        definition: ``FILE`` or ``FILE#Name`` (JSON with comments, YAML, CloudFormation, SAM, Terraform; a relative path
            starts at the DAG file's folder), or the definition's text, or a dict. It is not rendered as a template.
        role_arn: the role that executions have, in the account of the state machine.
        substitutions: values for ``${Name}`` in the definition.
        state_machine_type: ``STANDARD`` or ``EXPRESS``. Default: what the file says, else STANDARD.
        logging_configuration: as AWS's ``loggingConfiguration``; None leaves it.
        tracing_configuration: as AWS's ``tracingConfiguration``; None leaves it.
        encryption_configuration: as AWS's ``encryptionConfiguration``; None leaves it.
        tags: tags to set; others stay.
        publish: publish a version. One that is there for the same state of the machine is taken.
        version_description: of that version.
        alias: name of an alias that shall lead to the version; includes ``publish``.
        alias_weight: of 100 executions by the alias, so many take the version, the others the one that most took
            before. 1 to 100.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    template_fields: Sequence[str] = tuple(
        sorted({*AWS_TEMPLATE_FIELDS, "name", "role_arn", "substitutions", "tags", "version_description", "alias"})
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"substitutions": "json", "tags": "json"}
    ui_color = "#d7f0c2"
    operator_extra_links = (StateMachineDetailsLink(),)

    def __init__(
        self,
        *,
        name: str,
        definition: str | dict[str, Any],
        role_arn: str,
        substitutions: dict[str, str] | None = None,
        state_machine_type: MachineType | None = None,
        logging_configuration: dict[str, Any] | None = None,
        tracing_configuration: dict[str, Any] | None = None,
        encryption_configuration: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        publish: bool = False,
        version_description: str | None = None,
        alias: str | None = None,
        alias_weight: int = 100,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        if not 1 <= alias_weight <= 100:
            raise ValueError(f"alias_weight: {alias_weight} is not between 1 and 100")
        self.name = name
        self.definition = definition
        self.role_arn = role_arn
        self.substitutions = substitutions
        self.state_machine_type = state_machine_type and one_of("state_machine_type", state_machine_type, TYPES)
        self.logging_configuration = logging_configuration
        self.tracing_configuration = tracing_configuration
        self.encryption_configuration = encryption_configuration
        self.tags = tags
        self.publish = publish
        self.version_description = version_description
        self.alias = alias
        self.alias_weight = alias_weight

    def execute(self, context: Context) -> str:
        """Create or update the state machine.

        Raises:
            AirflowFailException: the definition or another argument cannot be used, or a permission is missing.
            AirflowException: AWS does not show the change.
        """
        from sfn_provider.hooks.state_machine_deployment import deploy

        try:
            deployed = deploy(self.hook, self._wanted())
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error
        except AirflowException:
            raise
        except Exception as error:
            if error_code(error) in _PASSING or classify_error(error) is not AwsErrorKind.FINAL:
                raise
            raise AirflowFailException(f"{self.name}: AWS refuses it: {error}") from error
        self.log.info("%s: %s", deployed.state_machine_arn, deployed.change)
        self._persist_machine_link(context, deployed.state_machine_arn)
        self._push(
            context,
            state_machine_arn=deployed.state_machine_arn,
            state_machine_version_arn=deployed.version_arn,
            state_machine_alias_arn=deployed.alias_arn,
            change=deployed.change,
        )
        return deployed.start_arn

    def _wanted(self) -> DesiredStateMachine:
        from sfn_provider.hooks.state_machine_deployment import DesiredStateMachine

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
    """Let AWS check a definition (ValidateStateMachineDefinition), and fail with what it finds.

    The definition is checked here first; where that finds an error, AWS is not asked. The task returns AWS's
    diagnostics: dicts with ``severity``, ``code``, ``message`` and ``location``.

    Args:
        definition: ``FILE`` or ``FILE#Name`` (JSON with comments, YAML, CloudFormation, SAM, Terraform; a relative path
            starts at the DAG file's folder), or the definition's text, or a dict. It is not rendered as a template.
        substitutions: values for ``${Name}`` in the definition.
        state_machine_type: ``STANDARD`` or ``EXPRESS``. Default: what the file says, else STANDARD.
        severity: ``WARNING`` asks for warnings, too.
        fail_on: what the task fails with: ``ERROR``, or ``WARNING`` for warnings, too, which includes ``severity``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "substitutions"}))
    template_fields_renderers: ClassVar[dict[str, str]] = {"substitutions": "json"}
    ui_color = "#d7f0c2"

    def __init__(
        self,
        *,
        definition: str | dict[str, Any],
        substitutions: dict[str, str] | None = None,
        state_machine_type: MachineType | None = None,
        severity: Severity = "ERROR",
        fail_on: Severity = "ERROR",
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.definition = definition
        self.substitutions = substitutions
        self.state_machine_type = state_machine_type and one_of("state_machine_type", state_machine_type, TYPES)
        self.severity = one_of("severity", severity, SEVERITIES)
        self.fail_on = one_of("fail_on", fail_on, SEVERITIES)

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Check the definition.

        Raises:
            AirflowFailException: it cannot be used; the message lists the diagnostics. Or a permission is missing.
        """
        severity = max(self.severity, self.fail_on, key=SEVERITIES.index)
        with self._usage_errors_fail():
            definition = self._read_definition()
        answer = self._patiently(lambda: self.hook.validate_definition(definition.text, definition.type, severity))
        found: list[dict[str, Any]] = answer["diagnostics"]
        grave = [one for one in found if SEVERITIES.index(one["severity"]) <= SEVERITIES.index(self.fail_on)]
        if grave:
            more = "\nThere is more that AWS has left out." if answer.get("truncated") else ""
            raise AirflowFailException(f"{definition.origin}: AWS finds\n" + "\n".join(map(_line, grave)) + more)
        for one in found:
            self.log.warning("%s", _line(one))
        return found


def _line(diagnostic: Mapping[str, Any]) -> str:
    return "  {severity} {code} at {location}: {message}".format(**{"location": "/", **diagnostic})
