"""Defines the forms of a Task in a native DAG: operator, call of boto3, call of a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.translate.native.data_flow.values import EMPTY, Array, Key, Object, Source, Value, constant, read
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.operator_table import JsonText, OperatorRow, TextOf, read_result
from sfn_provider.translate.native.operator_table.arguments import parse_path
from sfn_provider.translate.native.states.api_gateway import ApiForm


@dataclass(frozen=True, slots=True)
class OperatorForm:
    """A Task as an operator.

    Args:
        row: the operator.
        arguments: its arguments: trees in which `Value`, `JsonText` and `TextOf` may stand.
        parameters: the names of the Task's parameters.
        computed: the arguments that a template, whose value is a text, cannot say: they have the output of a task.
    """

    row: OperatorRow
    arguments: dict[str, Any] = field(compare=False)
    parameters: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The paths that the whole result has."""
        return tuple(text for text, returned in self.row.returns.items() if not returned.optional)

    @property
    def has_whole_text(self) -> bool:
        """Whether an argument is the text, or the JSON text, of a whole input or result."""
        texts = [leaf.value for leaf in leaves(self.arguments) if isinstance(leaf, TextOf)]
        return any(isinstance(value, Source) for value in texts)

    def place(self, task_id: str, keys: tuple[Key, ...]) -> ValuePlace | None:
        """Return where a path of the result is found; None where the operator returns only parts of what is there.

        Raises:
            NotNative: the operator does not return it.
        """
        found = read_result(self.row, keys)
        if found is None and any(parse_path(text)[: len(keys)] == keys for text in self.row.returns):
            return None
        if found is None:
            what = "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
            raise NotNative(f"{self.row.class_name} does not return {what} of the result")
        returned, rest = found
        if returned.source == "constant":
            return ValuePlace(task_id, value=read(constant(returned.constant), rest))
        if returned.source == "argument":
            return ValuePlace(task_id, value=read(from_tree(self.arguments[returned.argument]), rest))
        return ValuePlace(
            task_id, "json" if returned.source == "json" else "value", (*returned.path, *rest), returned.xcom
        )


@dataclass(frozen=True, slots=True)
class FunctionForm:
    """A Task as a function that calls boto3.

    Args:
        client: boto3's name of the service.
        method: the method of its client.
        parameters: the arguments of the call.
        returned: the path into the response that the function returns; None where nobody reads it.
        reads: the path into the response by that into the Task's result.
        has_times: whether there are times in what is read, which become texts.
        other_names: names as boto3 and as Step Functions spells them, where these are not the same, by the path that is
            read into the Task's result.
        role: the ARN of the role that makes the call; None for that of the connection.
    """

    client: str
    method: str
    parameters: Value
    returned: tuple[Key, ...] | None
    reads: dict[tuple[Key, ...], tuple[Key, ...]] = field(compare=False)
    has_times: bool = False
    other_names: Mapping[tuple[Key, ...], tuple[tuple[str, str], ...]] = field(default_factory=dict, compare=False)
    role: Value | None = None

    @property
    def spelled_otherwise(self) -> tuple[tuple[str, str], ...]:
        """All names in what is read that boto3 spells otherwise: its own, and Step Functions'."""
        return tuple(dict.fromkeys(names for found in self.other_names.values() for names in found))

    def place(self, task_id: str, keys: tuple[Key, ...]) -> ValuePlace:
        """Return where a path of the result is found.

        Raises:
            NotNative: the path was not among those that the function was made for.
        """
        if keys not in self.reads or self.returned is None:
            raise NotNative("the response is read in a way that was not foreseen")
        return ValuePlace(task_id, path=self.reads[keys][len(self.returned) :])


JOB_START = Source("result", "\0response")
"""The response to the call that starts a job."""


@dataclass(frozen=True, slots=True)
class JobForm(FunctionForm):
    """A Task as a function that starts a job by boto3, and asks for its status until it has ended.

    What the function returns is in the description of the job.

    Args:
        describe: the method that describes the job.
        described: its arguments, in which `JOB_START` may stand.
        status: the path of the status in the description.
        succeeded: the statuses of a job that has succeeded.
        failed: those of a job that has failed.
        seconds: the seconds between two calls of it.
        texts: members of the description that are JSON texts, and values in the Task's result.
    """

    describe: str = ""
    described: Value = EMPTY
    status: tuple[Key, ...] = ()
    succeeded: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    seconds: int = 30
    texts: tuple[str, ...] = ()

    @property
    def shared(self) -> tuple[Key, ...]:
        """The path in the description that the status and what is returned have in common."""
        path = self.status[:-1]
        if self.returned is None:
            return path
        same = [own == other for own, other in zip(path, self.returned, strict=False)]
        return path[: same.index(False) if False in same else len(same)]


@dataclass(frozen=True, slots=True)
class LambdaForm:
    """A Task as a function that calls a Lambda function, for polling.

    Args:
        function: the function's name or ARN.
        payload: its input.
        prefix: the path of the function's answer in the Task's result.
    """

    function: Value
    payload: Value
    prefix: tuple[Key, ...]

    def place(self, task_id: str, keys: tuple[Key, ...]) -> ValuePlace:
        """Return where a path of the result is found.

        Raises:
            NotNative: it is beside the function's answer.
        """
        if keys[: len(self.prefix)] != self.prefix:
            raise NotNative("what Lambda says beside the function's answer is read")
        return ValuePlace(task_id, path=keys[len(self.prefix) :])


TaskForm = OperatorForm | FunctionForm | LambdaForm | ApiForm


def leaves(tree: Any) -> Iterator[Any]:
    """Yield what stands in the objects and arrays of an argument, at any depth."""
    if isinstance(tree, dict):
        for entry in tree.values():
            yield from leaves(entry)
    elif isinstance(tree, list):
        for entry in tree:
            yield from leaves(entry)
    else:
        yield tree


def from_tree(tree: Any) -> Value:
    """Return the value of a tree of `to_tree`, also with `JsonText` and `TextOf` in it."""
    if isinstance(tree, dict):
        return Object(tuple((name, from_tree(entry)) for name, entry in tree.items()))
    if isinstance(tree, list):
        return Array(tuple(map(from_tree, tree)))
    if isinstance(tree, JsonText | TextOf):
        return from_tree(tree.value)
    return tree if isinstance(tree, Value) else constant(tree)


def common_path(paths: list[tuple[Key, ...]]) -> tuple[Key, ...] | None:
    """Return the path that all paths start with; None without paths."""
    if not paths:
        return None
    common = paths[0]
    for path in paths[1:]:
        same = [left for left, right in zip(common, path, strict=False) if left == right]
        common = common[: len(same)] if common[: len(same)] == path[: len(same)] else ()
    return common
