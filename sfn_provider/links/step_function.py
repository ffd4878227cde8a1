"""Links from a task to the AWS console: names and XCom keys as in the amazon provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote_plus

from sfn_provider._compat import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

    from sfn_provider._compat import BaseOperator, Context

# Source: the sign-in service's endpoint rules in botocore (data/signin), which name each partition's console domain.
CONSOLE_DOMAINS: Final[Mapping[str, str]] = {
    "aws": "aws.amazon.com",
    "aws-cn": "amazonaws.cn",
    "aws-eusc": "amazonaws-eusc.eu",
    "aws-iso": "c2shome.ic.gov",
    "aws-iso-b": "sc2shome.sgov.gov",
    "aws-iso-e": "csphome.adc-e.uk",
    "aws-iso-f": "csphome.hci.ic.gov",
    "aws-us-gov": "amazonaws-us-gov.com",
}


class StepFunctionsConsoleLink(BaseOperatorLink):
    """A page of the Step Functions console.

    The running task stores what the link needs (``persist``); the link is built from that when somebody looks.
    """

    key: ClassVar[str]
    page: ClassVar[str]
    arn_field: ClassVar[str]

    @staticmethod
    def get_aws_domain(aws_partition: str) -> str | None:
        """Give the domain below ``console.`` of a partition (``aws-cn``); None for a partition that is not known."""
        return CONSOLE_DOMAINS.get(aws_partition)

    def format_link(self, **fields: Any) -> str:
        """Build the address.

        Args:
            fields: what ``persist`` stored: ``region_name``, ``aws_domain`` and the ARN.

        Returns:
            The address, or an empty text where something is missing: Airflow then shows no link.
        """
        region, domain, arn = (fields.get(name) for name in ("region_name", "aws_domain", self.arn_field))
        if not (region and domain and arn):
            return ""
        return f"https://console.{domain}/states/home?region={region}#/{self.page}/{quote_plus(arn)}"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Build the address for a task instance; an empty text before it has stored anything."""
        stored = XCom.get_value(key=self.key, ti_key=ti_key)
        return self.format_link(**stored) if isinstance(stored, dict) else ""

    @classmethod
    def persist(
        cls, context: Context, operator: BaseOperator, region_name: str, aws_partition: str, **fields: str
    ) -> None:
        """Store what the link needs, unless the task pushes no XCom.

        Args:
            context: of the running task.
            operator: the task.
            region_name: for example ``eu-central-1``.
            aws_partition: for example ``aws-cn``.
            fields: ``state_machine_arn`` or ``execution_arn``.
        """
        if operator.do_xcom_push:
            domain = cls.get_aws_domain(aws_partition)
            context["ti"].xcom_push(key=cls.key, value={"region_name": region_name, "aws_domain": domain, **fields})


class StateMachineDetailsLink(StepFunctionsConsoleLink):
    """The state machine."""

    name = "State Machine Details"
    key = "_state_machine_details"
    page = "statemachines/view"
    arn_field = "state_machine_arn"


class StateMachineExecutionsDetailsLink(StepFunctionsConsoleLink):
    """The execution."""

    name = "State Machine Executions Details"
    key = "_state_machine_executions_details"
    page = "v2/executions/details"
    arn_field = "execution_arn"
