"""Links from a task to the AWS console: names, XCom keys and stored values as in the amazon provider."""

from __future__ import annotations

import logging
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

_CONSOLE: Final = "https://console.{aws_domain}/states/home?region={region_name}#"
_ARN_PARTS: Final = 6

log = logging.getLogger(__name__)


class StepFunctionsConsoleLink(BaseOperatorLink):
    """A page of the Step Functions console.

    The running task stores what the link needs (``persist``); the link is built from that when somebody looks. Region
    and console are those of the ARN; what was stored of them counts only for a text that is no ARN.
    """

    key: ClassVar[str]
    format_str: ClassVar[str]
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
        arn = fields.get(self.arn_field)
        if not arn:
            return ""
        place = _place(arn) or {name: fields.get(name) for name in ("region_name", "aws_domain")}
        if not all(place.values()):
            return ""
        return self._page(fields).format(**{**fields, **place, self.arn_field: quote_plus(arn)})

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Build the address for a task instance; an empty text before it has stored anything, or where XCom fails."""
        try:
            stored = XCom.get_value(key=self.key, ti_key=ti_key)
        except Exception as error:  # a link is never worth a failed task or page
            log.warning("%s: %s", self.name, error)
            return ""
        return self.format_link(**stored) if isinstance(stored, dict) else ""

    @classmethod
    def persist(
        cls, context: Context, operator: BaseOperator, region_name: str, aws_partition: str, **fields: Any
    ) -> None:
        """Store what the link needs, unless the task pushes no XCom. Where that fails, the task has no link.

        Args:
            context: of the running task.
            operator: the task.
            region_name: for example ``eu-central-1``.
            aws_partition: for example ``aws-cn``.
            fields: ``state_machine_arn``, ``execution_arn`` or ``map_run_arn``.
        """
        if not operator.do_xcom_push:
            return
        value = {"region_name": region_name, "aws_domain": cls.get_aws_domain(aws_partition), **fields}
        try:
            context["ti"].xcom_push(key=cls.key, value=value)
        except Exception as error:  # a link is never worth a failed task
            log.warning("%s: %s", cls.name, error)

    def _page(self, fields: Mapping[str, Any]) -> str:
        """Give the address's form, for what was stored."""
        return self.format_str


class StateMachineDetailsLink(StepFunctionsConsoleLink):
    """The state machine."""

    name = "State Machine Details"
    key = "_state_machine_details"
    format_str = _CONSOLE + "/statemachines/view/{state_machine_arn}"
    arn_field = "state_machine_arn"


class StateMachineExecutionsDetailsLink(StepFunctionsConsoleLink):
    """The execution, Standard or Express.

    The console finds an Express execution in its log, from a time on: ``start_date``, milliseconds since 1970, is
    stored beside its ARN.
    """

    name = "State Machine Executions Details"
    key = "_state_machine_executions_details"
    format_str = _CONSOLE + "/v2/executions/details/{execution_arn}"
    express_format_str = _CONSOLE + "/express-executions/details/{execution_arn}?startDate={start_date}"
    arn_field = "execution_arn"

    def _page(self, fields: Mapping[str, Any]) -> str:
        express = ":express:" in fields["execution_arn"] and fields.get("start_date")
        return self.express_format_str if express else self.format_str


class MapRunDetailsLink(StepFunctionsConsoleLink):
    """The Map Run: the child executions of a distributed Map state."""

    name = "Map Run Details"
    key = "_map_run_details"
    format_str = _CONSOLE + "/map-runs/executions/{map_run_arn}"
    arn_field = "map_run_arn"


def _place(arn: str) -> dict[str, str | None] | None:
    """Read region and console out of an ARN; None for a text that is none."""
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return None
    return {"region_name": parts[3], "aws_domain": CONSOLE_DOMAINS.get(parts[1])}
