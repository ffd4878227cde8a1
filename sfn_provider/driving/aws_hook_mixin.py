"""The AWS connection arguments of operators and sensors, and their hook, made when the task runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider.driving.argument_checks import Check, is_dict, merge_checks, or_none, require_literal, required
from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.driving.template_types import RenderString
    from sfn_provider.hooks.step_function import StepFunctionHook

_LITERAL_TYPES = frozenset({float, int, timedelta})
"""Types of arguments that can be no template."""

_HOOK_NAME = "StepFunctionHook"
_HOOK_MODULE = "sfn_provider.hooks.step_function"


def aws_template_fields(*fields: str) -> tuple[str, ...]:
    """Return template fields together with those of the AWS connection, sorted as in the amazon provider."""
    return tuple(sorted({"aws_conn_id", "region_name", "verify", *fields}))


def lazy_class_loader(module: str, modules: Mapping[str, str] = MappingProxyType({})) -> Callable[[str], Any]:
    """Make a module's ``__getattr__`` that imports a class on first use.

    A DAG file then pays only for the classes that it uses. The hook's class is always available: the amazon provider's
    modules of operators, sensors and triggers have it, and tests replace it there.

    Args:
        module: the module's name.
        modules: each class's name and module.

    Raises:
        AttributeError: there is no class of that name; raised by the returned function.
    """
    return lazy_names(module, {_HOOK_NAME: _HOOK_MODULE, **modules})


class LazyHookClass:
    """Descriptor for the class attribute ``aws_hook_class``: imports the hook's class on access.

    Args:
        module: the module in which the class is looked up.
    """

    def __init__(self, module: str = _HOOK_MODULE) -> None:
        self._module = module

    def __get__(self, instance: object, owner: type | None = None) -> type[StepFunctionHook]:
        """Return the class."""
        hook_class: type[StepFunctionHook] = getattr(import_module(self._module), _HOOK_NAME)
        return hook_class


class AwsHookFactory:
    """Makes hooks from the AWS connection arguments that an operator, sensor or trigger has as attributes."""

    aws_hook_class = LazyHookClass()
    arn_field: ClassVar[str] = ""
    """The attribute with the ARN whose region applies if ``region_name`` is None."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    def make_hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: a trigger must not do so in the event loop."""
        from sfn_provider.executions.arns import parse_region

        hook = self.aws_hook_class(**self._hook_parameters)
        hook.arn_region = parse_region(getattr(self, self.arn_field, None))
        return hook

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        """The hook's arguments by name. A subclass adds those of a hook of its own, as in the amazon provider."""
        arguments = self.connection_arguments
        config = arguments.pop("botocore_config")
        return {**arguments, "config": config}

    @property
    def connection_arguments(self) -> dict[str, Any]:
        """The AWS connection arguments by name."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }


class AwsHookMixin(AwsHookFactory):
    """AWS connection arguments of operators and sensors, and what these do with their hook.

    It stands before Airflow's class among the bases: Airflow then does not wrap its constructor, which would cost time
    for each task at every parse. Constructors of subclasses declare their own arguments and ``**kwargs``; their
    signature shows the inherited arguments too, for Airflow's ``default_args`` and ``partial`` and for ``help``.

    Args:
        aws_conn_id: the Airflow connection; None for boto3's default search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of the next class: ``BaseOperator`` or ``BaseSensorOperator``.
    """

    task_id: str
    template_fields: Sequence[str]
    execution_arn: str | None
    argument_checks: ClassVar[Mapping[str, Check]] = {"botocore_config": or_none(is_dict)}
    """Checks of the arguments that the class itself declares; those of its bases are applied, too."""
    _checks: ClassVar[Mapping[str, Check]] = argument_checks

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config
        )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._checks = merge_checks(cls)
        own, inherited = vars(cls).get("__init__"), super(cls, cls).__init__
        if own is not None and not hasattr(inherited, "__wrapped__"):  # Airflow wraps those of complete operators
            signature, shared = inspect.signature(own), inspect.signature(inherited).parameters
            parameters = {**signature.parameters, **shared, **signature.parameters}.values()
            own.__signature__ = signature.replace(parameters=sorted(parameters, key=lambda each: each.kind))

    @classmethod
    def partial(cls, **arguments: Any) -> Any:
        """Begin a mapped task; what the constructor would refuse of its arguments is refused here.

        Args:
            arguments: those that are not mapped.

        Raises:
            ValueError: one is refused; the message begins with its name.
        """
        for name, value in arguments.items():
            cls._check_argument(name, value)
        airflow: Any = super()
        return airflow.partial(**arguments)

    @classmethod
    def _check_argument(cls, name: str, value: Any) -> Any:
        """Return the value to keep of an argument, unless its check refuses it by a ValueError.

        A subclass may make any argument a template field: its value is known only when the task runs.
        """
        check = cls._checks.get(name)
        if check is None or (name in cls.template_fields and check is not required):
            return value
        return check(name, value)

    def _set_attributes(self, **attributes: Any) -> None:
        """Bypasses ``BaseOperator.__setattr__``, which takes about 1 us an attribute at each parse.

        Raises:
            ValueError: an attribute that is no template field is a template or the output of a task, or its check
                refuses it.
        """
        for name, value in attributes.items():
            if name in self._checks:
                attributes[name] = self._check_argument(name, value)
            if value is None or value is True or value is False:  # in this order: it is faster
                continue
            kind = type(value)
            if (kind is str and "{" not in value) or kind in _LITERAL_TYPES:
                continue
            if name not in self.template_fields:
                require_literal(name, value)
        vars(self).update(attributes)

    _render_string: RenderString | None = None
    """Renders a template in place of Airflow; set while fields of a native DAG are rendered."""

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        """Render so that text stays text, and the output of a task the value that it is.

        Airflow calls it for mapped tasks, too. What is rendered how: ``sfn_provider.driving.template_types``.

        Raises:
            AirflowFailException: a value of a text field is no text.
        """
        airflow: Any = super()
        if parent is not self:  # an object with template fields, inside a field of this task
            airflow._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
            return
        from jinja2.nativetypes import NativeEnvironment

        from sfn_provider.driving.template_types import render_fields

        with self._fail_on_usage_error():
            render_fields(
                self,
                template_fields,
                context,
                is_native=isinstance(jinja_env, NativeEnvironment),
                own_class=AwsHookMixin,
                render=lambda fields: airflow._do_render_template_fields(self, fields, context, jinja_env, seen_oids),
            )

    def _render(self, template: Any, context: Context, *args: Any, **kwargs: Any) -> Any:
        """Render a template, by ``_render_string`` if it is set. Airflow calls it for each text in a field."""
        if self._render_string is not None:
            return self._render_string(template, context)
        airflow: Any = super()
        return airflow._render(template, context, *args, **kwargs)

    @contextmanager
    def _fail_on_usage_error(self) -> Iterator[None]:
        """Fail the task without further tries on a UsageError."""
        from sfn_provider._compat import AirflowFailException
        from sfn_provider.exceptions import UsageError

        try:
            yield
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error

    def _require_execution_arn(self) -> str:
        """Return the argument ``execution_arn``, rendered.

        Raises:
            AirflowFailException: it is no ARN of an execution, or that of an Express one, which AWS cannot describe.
        """
        from sfn_provider.executions.arns import require_describable, require_execution_arn

        with self._fail_on_usage_error():
            arn = require_execution_arn(self.execution_arn)
            require_describable(arn)
        return arn

    @cached_property
    def hook(self) -> StepFunctionHook:
        """The hook. The first use imports boto3 and reads the Airflow connection."""
        return self.make_hook()
