"""What the operators of this package share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sfn_provider._compat import AirflowFailException, BaseOperator
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.execution_requests import refuse_express
from sfn_provider.hooks.faults import CALL_TRIES, always, patiently
from sfn_provider.hooks.hook_user import AWS_TEMPLATE_FIELDS, HookClass, HookUser
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink

if TYPE_CHECKING:
    from sfn_provider._compat import Context

T = TypeVar("T")
_Word = TypeVar("_Word", bound=str)


def one_of(field: str, value: _Word, known: Iterable[str]) -> _Word:
    """Give an argument's value back, if it is one of the words that the argument knows.

    Raises:
        ValueError: it is none of them.
    """
    if value not in known:
        raise ValueError(f"{field}: {value!r} is none of {', '.join(known)}")
    return value


class StepFunctionsOperator(HookUser, BaseOperator):
    """The AWS arguments that every operator here takes.

    Args:
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    aws_hook_class = HookClass("sfn_provider.operators.step_function")
    template_fields: Sequence[str] = AWS_TEMPLATE_FIELDS

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
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def _patiently(
        self, call: Callable[[], T], tries: int = CALL_TRIES, repeat: Callable[[Exception], bool] = always
    ) -> T:
        """Make a call of the hook; errors that pass are waited out."""
        return patiently(call, renew=self.hook.renew_client, tries=tries, repeat=repeat)

    def _refuse_express(self, arn: str) -> None:
        try:
            refuse_express(arn)
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error

    def _persist_machine_link(self, context: Context, state_machine_arn: str) -> None:
        StateMachineDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            state_machine_arn=state_machine_arn,
        )

    def _persist_execution_link(self, context: Context, execution_arn: str, **fields: Any) -> None:
        StateMachineExecutionsDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            execution_arn=execution_arn,
            **fields,
        )

    def _push(self, context: Context, **values: Any) -> None:
        """Push XComs, unless the task pushes none, or runs without context, as in tests of one's own."""
        if self.do_xcom_push and context:
            for key, value in values.items():
                context["ti"].xcom_push(key=key, value=value)
