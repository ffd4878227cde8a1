"""What operators and sensors share: their arguments, and the hook, made when the task runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

_Word = TypeVar("_Word", bound=str)

AWS_TEMPLATE_FIELDS = ("aws_conn_id", "region_name", "verify")
"""Template fields that every operator and sensor has, as in the amazon provider."""

_HOOK_NAME = "StepFunctionHook"
_HOOK_MODULE = "sfn_provider.hooks.step_function"


def validate_choice(field: str, value: _Word, known: Iterable[str]) -> _Word:
    """Give an argument's value back, if it is one of the words that the argument knows.

    Raises:
        ValueError: it is none of them.
    """
    if value not in known:
        raise ValueError(f"{field}: {value!r} is none of {', '.join(known)}")
    return value


def lazy_class_loader(module: str, homes: Mapping[str, str] = MappingProxyType({})) -> Callable[[str], Any]:
    """Make a module's ``__getattr__``: it imports a class when somebody asks for it.

    A DAG file then pays for the classes that it uses. The hook's class is always there: the amazon provider's modules
    of operators, sensors and triggers have it in them, and tests replace it there.

    Args:
        module: the module's name.
        homes: the module of each class, by the class's name.

    Raises:
        AttributeError: there is no class of that name; raised by what is returned.
    """

    def get(name: str) -> Any:
        home = _HOOK_MODULE if name == _HOOK_NAME else homes.get(name)
        if home is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(import_module(home), name)

    return get


class LazyHookClass:
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


class AwsHookFactory:
    """Makes hooks out of the AWS arguments that an operator, sensor or trigger keeps as attributes."""

    aws_hook_class = LazyHookClass()
    arn_field: ClassVar[str] = ""
    """The attribute whose ARN says in which region the calls are, where no region is given."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    def make_hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: a trigger keeps it off the event loop."""
        from sfn_provider.executions.start_request import region_of

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


class AwsHookMixin(AwsHookFactory):
    """What operators and sensors do with the hook, and with their arguments."""

    task_id: str

    def _keep(self, **arguments: Any) -> None:
        """Keep arguments of the constructor as attributes.

        BaseOperator's own way takes a microsecond for each of them at every parse, and minds later changes only.
        """
        vars(self).update(arguments)

    @contextmanager
    def _usage_errors_fail(self) -> Iterator[None]:
        """What cannot be used fails the task, without further tries."""
        from sfn_provider._compat import AirflowFailException
        from sfn_provider.exceptions import UsageError

        try:
            yield
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error

    @cached_property
    def hook(self) -> StepFunctionHook:
        """The hook. The first use imports boto3 and reads the Airflow connection."""
        return self.make_hook()
