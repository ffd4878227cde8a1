"""What operators and sensors share: the hook, made when the task runs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

AWS_TEMPLATE_FIELDS = ("aws_conn_id", "region_name", "verify")
"""Template fields that every operator and sensor has, as in the amazon provider."""


class HookUser:
    """Makes the hook out of the AWS arguments that the operator or sensor keeps as attributes."""

    arn_field: ClassVar[str] = ""
    """The attribute whose ARN says in which region the calls are, where no region is given."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @cached_property
    def hook(self) -> StepFunctionHook:
        """The hook. The first use imports boto3 and reads the Airflow connection."""
        from sfn_provider.hooks.step_function import StepFunctionHook

        return StepFunctionHook(**self.aws_arguments)

    @property
    def aws_arguments(self) -> dict[str, Any]:
        """The arguments of the hook."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "config": self.botocore_config,
            "arn": getattr(self, self.arn_field, None),
        }
