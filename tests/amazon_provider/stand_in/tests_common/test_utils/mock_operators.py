"""An operator that does nothing, with the two template fields of Airflow's own."""

from __future__ import annotations

from typing import Any

from sfn_provider._compat import BaseOperator


class MockOperator(BaseOperator):
    """Does nothing."""

    template_fields = ("arg1", "arg2")

    def __init__(self, arg1: str = "", arg2: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arg1 = arg1
        self.arg2 = arg2

    def execute(self, context: Any) -> None:
        """Do nothing."""
