"""What operators and sensors share: the hook, made when the task runs."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

AWS_TEMPLATE_FIELDS = ("aws_conn_id", "region_name", "verify")
"""Template fields that every operator and sensor has, as in the amazon provider."""

_HOOK_NAME = "StepFunctionHook"
_HOOK_MODULE = "sfn_provider.hooks.step_function"


def lazy_hook(module: str, name: str) -> Any:
    """Answer a module's ``__getattr__``: show the hook there, and import it when somebody asks for it.

    The amazon provider's modules of operators, sensors and triggers have the hook's class in them, and tests replace
    it there.

    Args:
        module: the module's name.
        name: what it was asked for.

    Raises:
        AttributeError: ``name`` is not the hook's.
    """
    if name != _HOOK_NAME:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return getattr(import_module(_HOOK_MODULE), _HOOK_NAME)


class HookClass:
    """The class attribute ``aws_hook_class``: gives the hook's class, and imports it when somebody asks for it.

    Args:
        module: where the class is looked up.
    """

    def __init__(self, module: str = _HOOK_MODULE) -> None:
        self._module = module

    def __get__(self, instance: object, owner: type | None = None) -> type[StepFunctionHook]:
        """Give the class."""
        hook_class: type[StepFunctionHook] = getattr(import_module(self._module), _HOOK_NAME)
        return hook_class


class HookUser:
    """Makes the hook out of the AWS arguments that the operator or sensor keeps as attributes."""

    aws_hook_class = HookClass()
    arn_field: ClassVar[str] = ""
    """The attribute whose ARN says in which region the calls are, where no region is given."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @cached_property
    def hook(self) -> StepFunctionHook:
        """The hook. The first use imports boto3 and reads the Airflow connection."""
        from sfn_provider.hooks.execution_requests import region_of

        hook = self.aws_hook_class(**self.aws_arguments)
        hook.arn_region = region_of(getattr(self, self.arn_field, None))
        return hook

    @property
    def aws_arguments(self) -> dict[str, Any]:
        """The arguments of the hook."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "config": self.botocore_config,
        }
