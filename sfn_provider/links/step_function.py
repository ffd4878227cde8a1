"""Links to the Step Functions console, compatible with those of the amazon provider."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote_plus

from sfn_provider._compat import BaseOperatorLink, XCom
from sfn_provider.links.console_urls import CONSOLE_DOMAINS

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

    from sfn_provider._compat import BaseOperator, Context

_CONSOLE: Final = "https://console.{aws_domain}/states/home?region={region_name}#"
_ARN_PARTS: Final = 6

log = logging.getLogger(__name__)


class StepFunctionsConsoleLink(BaseOperatorLink):
    """A link to a page of the Step Functions console.

    The running task stores the link's fields (``persist``), from which Airflow's web server builds the link. Region
    and console domain are those of the ARN; the stored ones apply only to a text that is no ARN.
    """

    key: ClassVar[str]
    format_str: ClassVar[str]
    arn_field: ClassVar[str]

    @staticmethod
    def get_aws_domain(aws_partition: str) -> str | None:
        """Return the domain below ``console.`` of a partition (``aws-cn``); None for an unknown partition."""
        return CONSOLE_DOMAINS.get(aws_partition)

    def format_link(self, **fields: Any) -> str:
        """Build the URL.

        Args:
            fields: stored by ``persist``: ``region_name``, ``aws_domain`` and the ARN.

        Returns:
            The URL, or an empty text if a field is missing: Airflow then shows no link.
        """
        arn = fields.get(self.arn_field)
        if not arn:
            return ""
        place = _region_and_domain(arn) or {name: fields.get(name) for name in ("region_name", "aws_domain")}
        if not all(place.values()):
            return ""
        return self._url_format(fields).format(**{**fields, **place, self.arn_field: quote_plus(arn)})

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Build the URL for a task instance; an empty text if it has stored no fields yet, or if XCom fails."""
        try:
            stored = XCom.get_value(key=self.key, ti_key=ti_key)
        except Exception as error:  # a missing link must not fail a page
            log.warning("%s: %s", self.name, error)
            return ""
        return self.format_link(**stored) if isinstance(stored, dict) else ""

    @classmethod
    def persist(
        cls, context: Context, operator: BaseOperator, region_name: str, aws_partition: str, **fields: Any
    ) -> None:
        """Store the link's fields, unless the task pushes no XCom. If that fails, the task has no link.

        Args:
            context: of the running task.
            operator: the task.
            region_name: for example ``eu-central-1``.
            aws_partition: for example ``aws-cn``.
            fields: ``state_machine_arn``, ``execution_arn`` or ``map_run_arn``.
        """
        value = {"region_name": region_name, "aws_domain": cls.get_aws_domain(aws_partition), **fields}
        cls._push(context, operator, cls.key, value)

    @classmethod
    def persist_for(cls, operator: Any, context: Context, **fields: Any) -> None:
        """Store the link's fields, with region and partition of the ARN; of the hook for a text that is no ARN.

        With an ARN this needs no client: it works before the first call of AWS, also where AWS does not respond.
        """
        parts = str(fields.get(cls.arn_field)).split(":")
        if len(parts) < _ARN_PARTS or parts[0] != "arn":
            parts = ["", operator.hook.conn_partition, "", operator.hook.conn_region_name]
        cls.persist(context=context, operator=operator, region_name=parts[3], aws_partition=parts[1], **fields)
        # Airflow 3 shows a URL, and stores it after the task's end; Airflow 2 builds it when it shows a page.
        if (url_key := getattr(cls(), "xcom_key", None)) is not None:
            place = {"region_name": parts[3], "aws_domain": cls.get_aws_domain(parts[1])}
            cls._push(context, operator, url_key, cls().format_link(**place, **fields))

    @classmethod
    def _push(cls, context: Context, operator: Any, key: str, value: Any) -> None:
        if operator.do_xcom_push:
            try:
                context["ti"].xcom_push(key=key, value=value)
            except Exception as error:  # a missing link must not fail a task
                log.warning("%s: %s", cls.name, error)

    def _url_format(self, fields: Mapping[str, Any]) -> str:
        """Return the URL's format string for the stored fields."""
        return self.format_str


class StateMachineDetailsLink(StepFunctionsConsoleLink):
    """Link to the state machine."""

    name = "State Machine Details"
    key = "_state_machine_details"
    format_str = _CONSOLE + "/statemachines/view/{state_machine_arn}"
    arn_field = "state_machine_arn"


class StateMachineExecutionsDetailsLink(StepFunctionsConsoleLink):
    """Link to the execution, Standard or Express.

    The console finds an Express execution in its log, which it searches from ``start_date`` on (milliseconds since
    1970).
    """

    name = "State Machine Executions Details"
    key = "_state_machine_executions_details"
    format_str = _CONSOLE + "/v2/executions/details/{execution_arn}"
    express_format_str = _CONSOLE + "/express-executions/details/{execution_arn}?startDate={start_date}"
    arn_field = "execution_arn"

    def _url_format(self, fields: Mapping[str, Any]) -> str:
        express = ":express:" in fields["execution_arn"] and fields.get("start_date")
        return self.express_format_str if express else self.format_str


class MapRunDetailsLink(StepFunctionsConsoleLink):
    """Link to the Map Run: the child executions of a distributed Map state."""

    name = "Map Run Details"
    key = "_map_run_details"
    format_str = _CONSOLE + "/map-runs/executions/{map_run_arn}"
    arn_field = "map_run_arn"


_LINKS: Final = (StateMachineDetailsLink, StateMachineExecutionsDetailsLink, MapRunDetailsLink)


def console_address(**arns: str | None) -> str:
    """Return the address of the first ARN's page in the AWS console; an empty text if there is none.

    Args:
        arns: by the fields of links: ``map_run_arn``, ``execution_arn``, ``state_machine_arn``.
    """
    field, arn = next(((field, arn) for field, arn in arns.items() if arn), ("", None))
    return next((link().format_link(**{field: arn}) for link in _LINKS if link.arn_field == field), "")


def _region_and_domain(arn: str) -> dict[str, str | None] | None:
    """Return region and console domain of an ARN; None for a text that is no ARN."""
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return None
    return {"region_name": parts[3], "aws_domain": CONSOLE_DOMAINS.get(parts[1])}
