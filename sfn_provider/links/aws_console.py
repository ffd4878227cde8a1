"""Links from tasks of translated DAGs to the console pages of what their states call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import attrs

from sfn_provider._compat import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

    from sfn_provider._compat import BaseOperator

log = logging.getLogger(__name__)


def link_key(kind: str) -> str:
    """Return the XCom key of the address of a kind of page: ``_link_glue_job_run``."""
    return f"_link_{kind.lower().replace(' ', '_')}"


@attrs.define(slots=False)
class AwsConsoleLink(BaseOperatorLink):
    """A link to the page of what a task has called last; Airflow shows it as soon as the task has stored the address.

    Args:
        kind: see `sfn_provider.links.console_pages.ConsolePage`.
    """

    kind: str = "AWS console"

    @property
    def name(self) -> str:
        """The link's name, which Airflow shows."""
        return self.kind

    @property
    def xcom_key(self) -> str:
        """The XCom key of the address."""
        return link_key(self.kind)

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address for a task instance; an empty text if it has stored none yet, or if XCom fails."""
        # Airflow 3 asks at the task's end and stores the answer: the task itself knows it without a request.
        known: dict[str, str] = getattr(operator, "console_addresses", {})
        if self.xcom_key in known:
            return known[self.xcom_key]
        try:
            stored: Any = XCom.get_value(key=self.xcom_key, ti_key=ti_key)
        except Exception as error:  # a missing link must not fail a page
            log.warning("%s: %s", self.name, error)
            return ""
        return stored if isinstance(stored, str) else ""
