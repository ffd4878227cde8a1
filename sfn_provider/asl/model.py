"""Models the Amazon States Language in pydantic: `StateMachine`, eight states and their parts.

The models are frozen and refuse unknown fields. Field names are in snake case, aliases in PascalCase.
The models check shape and types only; rules across fields and states are in `sfn_provider.asl.lint_rules`.

Source: https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_pascal

from sfn_provider.asl.comparison_operators import COMPARISONS

QueryLanguage = Literal["JSONPath", "JSONata"]
ExecutionType = Literal["STANDARD", "EXPRESS"]
"""The type of a state machine, which CreateStateMachine takes beside the definition."""
Number = StrictInt | StrictFloat
Seconds = StrictInt | StrictStr
"""Whole seconds, or a JSONata expression in ``{% %}`` that yields them."""


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_pascal,
        populate_by_name=True,
        protected_namespaces=(),
        defer_build=True,  # schemas are built with the first definition: half of the import time
    )


class Retrier(_Model):
    """One entry of Retry. Defaults are AWS's: first delay 1 s, three retries, doubling, no cap, no jitter."""

    error_equals: tuple[StrictStr, ...]
    interval_seconds: StrictInt = 1
    max_attempts: StrictInt = 3
    backoff_rate: Number = 2.0
    max_delay_seconds: StrictInt | None = None
    jitter_strategy: Literal["FULL", "NONE"] = "NONE"
    comment: StrictStr | None = None


class Catcher(_Model):
    """One entry of Catch."""

    error_equals: tuple[StrictStr, ...]
    next: StrictStr
    result_path: StrictStr | None = "$"
    assign: JsonValue = None
    output: JsonValue = None
    comment: StrictStr | None = None


class ChoiceRule(_Model):
    """One rule of a Choice: a comparison, a combination of rules, or a JSONata Condition.

    The model has a comparison as ``comparison`` (the operator's name) and ``operand``; JSON has it as one field that is
    named after the operator.
    """

    and_: tuple[ChoiceRule, ...] | None = Field(None, alias="And")
    or_: tuple[ChoiceRule, ...] | None = Field(None, alias="Or")
    not_: ChoiceRule | None = Field(None, alias="Not")
    variable: StrictStr | None = None
    comparison: StrictStr | None = Field(None, exclude=True)
    operand: JsonValue = Field(None, exclude=True)
    condition: StrictStr | StrictBool | None = None
    next: StrictStr | None = None
    assign: JsonValue = None
    output: JsonValue = None
    comment: StrictStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _lift_comparison(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        names = [name for name in data if name in COMPARISONS]
        if len(names) > 1:
            raise ValueError(f"a rule compares once, but this one has {' and '.join(names)}; join them with And")
        if not names:
            return data
        rest = {key: value for key, value in data.items() if key != names[0]}
        return rest | {"comparison": names[0], "operand": data[names[0]]}

    @model_serializer(mode="wrap")
    def _lower_comparison(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if self.comparison is None:
            return written
        variable = {key: written.pop(key) for key in ("Variable",) if key in written}
        return {**variable, self.comparison: self.operand, **written}


class ProcessorConfig(_Model):
    """The mode of a Map and the type of its child executions."""

    mode: Literal["INLINE", "DISTRIBUTED"] = "INLINE"
    execution_type: ExecutionType | None = None


class Branch(_Model):
    """States with a StartAt: a branch of a Parallel, or the item processor of a Map."""

    start_at: StrictStr
    states: dict[str, State] = Field(alias="States")  # the generator misses a field of a forward reference
    comment: StrictStr | None = None
    query_language: QueryLanguage | None = None
    processor_config: ProcessorConfig | None = None


class ReaderConfig(_Model):
    """Format and limits of an ItemReader's source."""

    input_type: StrictStr | None = None
    transformation: StrictStr | None = None
    csv_header_location: StrictStr | None = Field(None, alias="CSVHeaderLocation")
    csv_headers: tuple[StrictStr, ...] | None = Field(None, alias="CSVHeaders")
    csv_delimiter: StrictStr | None = Field(None, alias="CSVDelimiter")
    max_items: StrictInt | StrictStr | None = None
    max_items_path: StrictStr | None = None
    items_pointer: StrictStr | None = None
    manifest_type: StrictStr | None = None


class ItemReader(_Model):
    """Source of a distributed Map's items."""

    resource: StrictStr
    reader_config: ReaderConfig | None = None
    parameters: JsonValue = None
    arguments: JsonValue = None


class ItemBatcher(_Model):
    """Batching of a distributed Map's items."""

    batch_input: JsonValue = None
    max_items_per_batch: StrictInt | StrictStr | None = None
    max_items_per_batch_path: StrictStr | None = None
    max_input_bytes_per_batch: StrictInt | StrictStr | None = None
    max_input_bytes_per_batch_path: StrictStr | None = None


class WriterConfig(_Model):
    """Output format of a ResultWriter."""

    output_type: StrictStr | None = None
    transformation: StrictStr | None = None


class ResultWriter(_Model):
    """Destination of a distributed Map's results."""

    resource: StrictStr | None = None
    writer_config: WriterConfig | None = None
    parameters: JsonValue = None
    arguments: JsonValue = None


class _State(_Model):
    comment: StrictStr | None = None
    query_language: QueryLanguage | None = None
    assign: JsonValue = None
    output: JsonValue = None


class _PathState(_State):
    input_path: StrictStr | None = "$"
    output_path: StrictStr | None = "$"


class _NextState(_PathState):
    next: StrictStr | None = None
    end: StrictBool | None = None


class _ResultState(_NextState):
    parameters: JsonValue = None
    result_path: StrictStr | None = "$"


class _RetryState(_ResultState):
    arguments: JsonValue = None
    result_selector: JsonValue = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


class Task(_RetryState):
    """Calls a resource and waits for its result."""

    type: Literal["Task"] = "Task"
    resource: StrictStr
    credentials: JsonValue = None
    timeout_seconds: Seconds | None = None
    timeout_seconds_path: StrictStr | None = None
    heartbeat_seconds: Seconds | None = None
    heartbeat_seconds_path: StrictStr | None = None


class Pass(_ResultState):
    """Passes its input on, or a fixed result, or the input as transformed by its fields."""

    type: Literal["Pass"] = "Pass"
    result: JsonValue = None


class Choice(_PathState):
    """Goes to the target of the first rule that matches."""

    type: Literal["Choice"] = "Choice"
    choices: tuple[ChoiceRule, ...]
    default: StrictStr | None = None


class Wait(_NextState):
    """Waits for a number of seconds, or until a timestamp."""

    type: Literal["Wait"] = "Wait"
    seconds: Seconds | None = None
    seconds_path: StrictStr | None = None
    timestamp: StrictStr | None = None
    timestamp_path: StrictStr | None = None


class Succeed(_PathState):
    """Ends the branch or execution with success."""

    type: Literal["Succeed"] = "Succeed"


class Fail(_Model):
    """Ends the execution with an error."""

    type: Literal["Fail"] = "Fail"
    comment: StrictStr | None = None
    query_language: QueryLanguage | None = None
    error: StrictStr | None = None
    error_path: StrictStr | None = None
    cause: StrictStr | None = None
    cause_path: StrictStr | None = None


class Parallel(_RetryState):
    """Runs its branches concurrently on the same input."""

    type: Literal["Parallel"] = "Parallel"
    branches: tuple[Branch, ...]


class Map(_RetryState):
    """Runs the same states for each item of a list."""

    type: Literal["Map"] = "Map"
    item_processor: Branch | None = None
    iterator: Branch | None = None
    items_path: StrictStr = "$"
    items: JsonValue = None
    item_selector: JsonValue = None
    item_reader: ItemReader | None = None
    item_batcher: ItemBatcher | None = None
    result_writer: ResultWriter | None = None
    max_concurrency: StrictInt | StrictStr | None = None
    max_concurrency_path: StrictStr | None = None
    tolerated_failure_count: StrictInt | StrictStr | None = None
    tolerated_failure_count_path: StrictStr | None = None
    tolerated_failure_percentage: Number | StrictStr | None = None
    tolerated_failure_percentage_path: StrictStr | None = None
    label: StrictStr | None = None

    @property
    def body(self) -> Branch:
        """The states to run for each item: ItemProcessor, or its older name Iterator.

        Raises:
            ValueError: the state has neither, which lint refuses.
        """
        body = self.item_processor or self.iterator
        if body is None:
            raise ValueError("a Map state without ItemProcessor")
        return body

    @property
    def distributed(self) -> bool:
        """Whether each item runs as a child execution."""
        config = self.body.processor_config
        return config is not None and config.mode == "DISTRIBUTED"


State = Annotated[Task | Pass | Choice | Wait | Succeed | Fail | Parallel | Map, Field(discriminator="type")]

STATE_TYPES: dict[str, type[BaseModel]] = {
    model.__name__: model for model in (Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map)
}
"""The eight state types by the value of Type."""


class StateMachine(_Model):
    """A state machine definition."""

    start_at: StrictStr
    states: dict[str, State]
    comment: StrictStr | None = None
    version: StrictStr = "1.0"
    timeout_seconds: StrictInt | None = None
    query_language: QueryLanguage = "JSONPath"


def dump(machine: StateMachine) -> dict[str, Any]:
    """Serialize a machine as the JSON object that it was parsed from; fields that were not set are left out.

    ``parse(dump(machine)) == machine``.
    """
    return machine.model_dump(mode="json", by_alias=True, exclude_unset=True)
