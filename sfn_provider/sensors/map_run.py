"""The sensor that waits for a Map Run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import PokeReturnValue, conf
from sfn_provider.executions.statuses import MAP_RUN_STATUSES
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS
from sfn_provider.links.step_function import MapRunDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor, validate_statuses

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.outcomes import FailedItem
    from sfn_provider.triggers.map_run import StepFunctionMapRunTrigger


class StepFunctionMapRunSensor(StepFunctionsSensor):
    """Wait for a Map Run, the child executions of a distributed Map state; how many items are done goes to the log.

    The task returns ``{"map_run_arn", "execution_arn", "status", "item_counts", "start_date", "stop_date"}``, where
    ``item_counts`` are AWS's: ``total``, ``succeeded``, ``failed``, ``timedOut``, ``aborted``, ``pending`` and so on.
    Where the Map Run ends with a status that is not waited for, the sensor fails with these counts, the failures it
    tolerates and the first failed children (``StepFunctionMapRunFailed``), or skips with ``soft_fail``.

    A look costs one call.

    Args:
        map_run_arn: the Map Run. Default: the latest one of ``execution_arn``, as soon as there is one.
        execution_arn: the execution that the Map Run is part of, in place of ``map_run_arn``.
        target_states: statuses to wait for, of RUNNING, SUCCEEDED, FAILED and ABORTED. Default: SUCCEEDED alone.
        deferrable: wait in the triggerer, looking every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail`` and so on.
    """

    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    arn_field = "any_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn", "map_run_arn"}))
    operator_extra_links = (MapRunDetailsLink(), StateMachineExecutionsDetailsLink())

    map_run_arn: str | None
    execution_arn: str | None
    target_states: tuple[str, ...]

    def __init__(
        self,
        *,
        map_run_arn: str | XComArg | None = None,
        execution_arn: str | XComArg | None = None,
        target_states: Sequence[str] = SUCCESS_STATES,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self._keep(
            map_run_arn=map_run_arn,
            execution_arn=execution_arn,
            target_states=validate_statuses(target_states, MAP_RUN_STATUSES, "a Map Run"),
            deferrable=deferrable,
        )

    @property
    def any_arn(self) -> str | None:
        """The ARN that is given; its region is where the calls are."""
        return self.map_run_arn or self.execution_arn

    def look(self, context: Context) -> bool | PokeReturnValue:
        """Look once.

        Raises:
            UsageError: neither ``map_run_arn`` nor ``execution_arn`` is given.
            StepFunctionMapRunFailed: the Map Run has ended with a status that is not waited for.
        """
        from sfn_provider.executions.map_runs import build_map_run_failure, format_progress, summarize

        arn = self.map_run_arn or self._latest(context)
        description = self.ask(lambda: self.hook.conn.describe_map_run(mapRunArn=arn)) if arn else None
        if description is None:
            self.log.info("The Map Run is not known just now")
            return False
        self.map_run_arn = arn
        self.show_links(context, map_run_arn=description["mapRunArn"], execution_arn=description["executionArn"])
        self.log.info("%s", format_progress(description))
        if description["status"] in self.target_states:
            return PokeReturnValue(is_done=True, xcom_value=summarize(description))
        if description["status"] != "RUNNING":
            self.fail(build_map_run_failure(description, self._failed_children()))
        return False

    def trigger(self) -> StepFunctionMapRunTrigger:
        """Make the trigger that goes on looking."""
        from sfn_provider.triggers.map_run import StepFunctionMapRunTrigger

        return StepFunctionMapRunTrigger(
            map_run_arn=self.map_run_arn,
            execution_arn=self.execution_arn,
            target_states=self.target_states,
            **self.aws_trigger_arguments,
        )

    def _latest(self, context: Context) -> str | None:
        from sfn_provider.exceptions import UsageError
        from sfn_provider.hooks.upstream_execution import resolve_execution_arn
        from sfn_provider.executions.map_runs import latest_map_run_arn

        if self.execution_arn in (None, ""):
            raise UsageError("map_run_arn, execution_arn: neither is given; one of them says which Map Run is meant")
        execution_arn = self.execution_arn = resolve_execution_arn(self, context, self.execution_arn)
        answer = self.ask(lambda: self.hook.conn.list_map_runs(executionArn=execution_arn))
        return latest_map_run_arn(answer["mapRuns"]) if answer else None

    def _failed_children(self) -> tuple[FailedItem, ...]:
        """Read the first failed children. They say only more: where they cannot be read, the failure has none."""
        from sfn_provider.executions.aws_errors import aws_errors

        try:
            return self.hook.failed_children(str(self.map_run_arn))
        except aws_errors() as error:
            self.log.warning("The failed items could not be read: %s", error)
            return ()
