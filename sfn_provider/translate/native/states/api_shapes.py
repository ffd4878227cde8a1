"""Spells a Task's parameters and results as botocore does, by the model of the operation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.resources import Resource
from sfn_provider.exceptions import StatesError
from sfn_provider.translate.native.data_flow.call_names import ATTRIBUTE_LIST, ATTRIBUTE_MAP, ATTRIBUTE_OF, TEXT_OF
from sfn_provider.translate.native.data_flow.values import (
    CONTEXT,
    INPUT,
    Array,
    Call,
    Constant,
    Key,
    Object,
    Source,
    Value,
    as_json,
    constant,
    is_constant,
    steps_of,
)
from sfn_provider.translate.native.model import NotNative

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

    from sfn_provider.integrations.clients import Clients
    from sfn_provider.integrations.integration import Integration
    from sfn_provider.integrations.value_shapes import ValueStyle

ATTRIBUTE = "AttributeValue"
"""The shape of DynamoDB's attributes, which AWS SDK integrations spell otherwise: Bool for BOOL, Ss for SS."""

MOST_OTHER_NAMES = 5
"""The largest number of names in a value that boto3 may spell in another way: the report has them all."""

_TEXT_CALLS = ("States.Format", "&", "States.JsonToString", "$string", "States.UUID", "$uuid")
"""Functions that give text, whatever their arguments."""

_EXECUTION_INPUT = (CONTEXT, ("Execution", "Input"))

_SCALARS = ("string", "character", "integer", "long", "float", "double", "boolean")
_TEXTS = ("string", "character")


@lru_cache(maxsize=1)
def _clients() -> Clients:
    from sfn_provider.integrations.clients import Clients

    return Clients(None)


def find_call(resource: Resource) -> tuple[Integration, OperationModel]:
    """Return the integration of a resource, and the model of the operation that it calls.

    Raises:
        NotNative: there is none that botocore can call.
    """
    from sfn_provider.integrations.resolver import find_integration

    try:
        integration = find_integration(resource, _clients())
    except StatesError as error:
        raise NotNative(str(error.cause)) from error
    if integration.adapter != "aws":
        raise NotNative(f"no client of boto3 calls {resource.service}:{resource.action}")
    return integration, _clients().model(integration.client).operation_model(integration.operation)


def prepared_parameters(integration: Integration, parameters: Value) -> Value:
    """Return the parameters of the call that an integration makes of the Task's.

    Raises:
        NotNative: only the integration itself can make them.
    """
    from sfn_provider.integrations.integration import unchanged_parameters
    from sfn_provider.integrations.optimized.emr import one_cluster_request

    if integration.prepare is unchanged_parameters and integration.resolve is None:
        return parameters
    known = dict(parameters.members) if isinstance(parameters, Object) and parameters.base is None else {}
    if integration.prepare is not one_cluster_request or "ClusterId" not in known:
        raise NotNative(f"Step Functions changes the parameters of {integration.name}")
    return Object((("JobFlowIds", Array((known.pop("ClusterId"),))), *known.items()))


def is_text(shape: Shape | None, names: tuple[Key, ...], style: ValueStyle) -> bool:
    """Whether a parameter is of type string, so that the text of its value is its value.

    One that the operation does not have, as Step Functions names it otherwise, is an id.

    Args:
        shape: the operation's input.
        names: the path of the parameter, as Step Functions spells it.
        style: how the integration spells fields.
    """
    if shape is not None and _inner(shape, names[0], style) is None:
        return len(names) == 1 and str(names[0]).endswith(("Id", "Name", "Arn"))
    for name in names:
        shape = _inner(shape, name, style)
        if shape is not None and shape.type_name == "blob":
            return True  # a document: prompts and the like
    return shape is not None and shape.type_name in _TEXTS


def _inner(shape: Shape | None, key: Key, style: ValueStyle) -> Shape | None:
    if shape is None:
        return None
    if shape.type_name == "structure":
        found = _member(shape, str(key), style)
        return shape.members[found] if found is not None else None
    if shape.type_name == "map":
        return shape.value
    return shape.member if shape.type_name == "list" else None


def _member(shape: Shape, name: str, style: ValueStyle) -> str | None:
    members = {style.field(member).casefold(): member for member in shape.members}
    members |= {member.casefold(): member for member in shape.members}
    return members.get(name.casefold())


def with_flags(shape: Shape | None, value: Value, style: ValueStyle) -> Value:
    """Return parameters with the texts ``true`` and ``false`` of flags as what they stand for, which boto3 wants.

    Step Functions takes both; published definitions have texts for flags of Glue.

    Args:
        shape: the operation's input.
        value: the Task's parameters.
        style: how the integration spells fields.
    """
    if isinstance(value, Object):
        members = tuple((name, with_flags(_inner(shape, name, style), entry, style)) for name, entry in value.members)
        return Object(members, value.base)
    if isinstance(value, Array):
        return Array(tuple(with_flags(_inner(shape, 0, style), item, style) for item in value.items))
    is_flag = shape is not None and shape.type_name == "boolean"
    if is_flag and isinstance(value, Constant) and value.value in ("true", "false"):
        return constant(value.value == "true")
    return value


def spell_parameters(shape: Shape | None, value: Value, style: ValueStyle) -> Value:
    """Return the arguments of a call by botocore's names; JSON texts as ``States.JsonToString``.

    Args:
        shape: the operation's input.
        value: the Task's parameters.
        style: how the integration spells fields.

    Raises:
        NotNative: botocore's values are of another type, or the names are known only in a run.
    """
    if shape is None:
        if isinstance(value, Object) and not value.members and value.base is None:
            return value
        raise NotNative("the operation takes no parameters")
    if shape.name == ATTRIBUTE and style.text_attributes and not isinstance(value, Object):
        return _spell_attribute(value)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return _spell_structure(shape, value, style)
    if isinstance(value, Array) and shape.type_name == "list":
        return Array(tuple(spell_parameters(shape.member, item, style) for item in value.items))
    if isinstance(value, Object) and shape.type_name == "map" and value.base is None:
        return Object(tuple((name, spell_parameters(shape.value, entry, style)) for name, entry in value.members))
    return _spell_scalar(shape, value, style)


def _spell_attribute(value: Value) -> Value:
    """Return an attribute of DynamoDB that is no object in the definition: Step Functions takes a text, too."""
    if isinstance(value, Constant) and not isinstance(value.value, str):
        raise NotNative(f"the value {value.value!r} is no attribute of DynamoDB")
    is_text = isinstance(value, Constant) or (isinstance(value, Call) and value.name in _TEXT_CALLS)
    return Object((("S", value),)) if is_text else Call(ATTRIBUTE_OF, (value,))


def _spell_attributes(shape: Shape, value: Value) -> Value | None:
    """Return what is made of attributes that are known only in a run; None for other shapes."""
    is_map = shape.type_name == "map"
    inner = shape.value if is_map else shape.member if shape.type_name == "list" else None
    if inner is None or inner.name != ATTRIBUTE:
        return None
    return Call(ATTRIBUTE_MAP if is_map else ATTRIBUTE_LIST, (value,))


def _spell_structure(shape: Shape, value: Value, style: ValueStyle) -> Value:
    if not isinstance(value, Object) or value.base is not None:
        if not isinstance(value, Constant) and _is_spelled_alike(shape, style):
            return value
        raise NotNative("the parameters' names are known only in a run, and boto3 spells them differently")
    spelled = []
    body = shape.serialization.get("payload")
    for name, entry in value.members:
        member = _member(shape, name, style)
        if member is None:
            raise NotNative(f"the operation has no parameter {name}")
        if isinstance(entry, Constant) and entry.value is None:
            continue  # the SDK omits null
        inner = shape.members[member]
        is_body = member == body and inner.type_name == "blob"
        spelled.append((member, _json_call(entry) if is_body else spell_parameters(inner, entry, style)))
    return Object(tuple(spelled))


def _json_call(value: Value) -> Value:
    return Call("States.JsonToString", (value,))


def _spell_scalar(shape: Shape, value: Value, style: ValueStyle) -> Value:
    kind = shape.type_name
    if kind in _TEXTS and isinstance(value, Object | Array):
        return _json_call(value)
    if isinstance(value, Constant):
        return _spell_constant(kind, value)
    if kind in _TEXTS and (_is_result(value) or value == INPUT or steps_of(value) == _EXECUTION_INPUT):
        return Call(TEXT_OF, (value,))
    if style.text_attributes and (attributes := _spell_attributes(shape, value)) is not None:
        return attributes
    if kind in ("blob", "timestamp") or not _is_spelled_alike(shape, style):
        raise NotNative(f"a parameter of type {kind} is known only in a run")
    return value


def _is_result(value: Value) -> bool:
    return isinstance(value, Source) and value.kind == "result"


def _spell_constant(kind: str, value: Constant) -> Value:
    is_right = {
        **dict.fromkeys(_TEXTS, isinstance(value.value, str)),
        **dict.fromkeys(("integer", "long"), isinstance(value.value, int) and not isinstance(value.value, bool)),
        **dict.fromkeys(("float", "double"), isinstance(value.value, int | float)),
        "boolean": isinstance(value.value, bool),
    }.get(kind, False)
    if not is_right:
        raise NotNative(f"the value {value.value!r} is not of the type {kind} that boto3 takes")
    return value


def part_of(shape: Shape | None, names: tuple[Key, ...], style: ValueStyle) -> Shape | None:
    """Return the shape of a part of a result.

    Args:
        shape: the operation's output.
        names: the path of the part, as Step Functions spells it.
        style: how the integration spells fields.
    """
    for name in names:
        shape = _inner(shape, name, style)
    return shape


def has_times(shape: Shape | None, style: ValueStyle) -> bool:
    """Whether there are times in a part of a result, which Python has as objects.

    Args:
        shape: the part's.
        style: how the integration spells fields.
    """
    return shape is not None and not _is_spelled_alike(shape, style, names=True)


def other_names(
    shape: Shape | None, style: ValueStyle, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Iterate over the names of members anywhere in a shape that Step Functions spells in another way than boto3.

    Args:
        shape: the shape.
        style: how the integration spells fields.
        seen: the names of the shapes around it.

    Yields:
        boto3's name, and Step Functions'.
    """
    if shape is None or shape.name in seen or shape.name == ATTRIBUTE:
        return
    seen |= {shape.name}
    for name, inner in getattr(shape, "members", {}).items():
        if style.field(name) != name:
            yield name, style.field(name)
        yield from other_names(inner, style, seen)
    if shape.type_name in ("list", "map"):
        yield from other_names(_inner(shape, 0, style), style, seen)


def _is_spelled_alike(
    shape: Shape, style: ValueStyle, seen: frozenset[str] = frozenset(), *, times: bool = False, names: bool = False
) -> bool:
    """Whether names and types in a shape are the same in Step Functions and in boto3.

    Bytes inside of a structure, as an item of DynamoDB may have them, are no JSON: the task fails.

    Args:
        shape: the shape.
        style: how the integration spells fields.
        seen: the names of the shapes around it.
        times: whether times do not count.
        names: whether names do not count.
    """
    if shape.name in seen or shape.type_name in _SCALARS or (seen and shape.type_name == "blob"):
        return True
    if shape.type_name == "timestamp":
        return times
    if times and shape.name == ATTRIBUTE:
        return True
    seen |= {shape.name}
    if shape.type_name == "structure":
        return all(
            (names or style.field(name) == name) and _is_spelled_alike(inner, style, seen, times=times, names=names)
            for name, inner in shape.members.items()
        )
    if shape.type_name == "map":
        return _is_spelled_alike(shape.value, style, seen, times=times, names=names)
    return shape.type_name == "list" and _is_spelled_alike(shape.member, style, seen, times=times, names=names)


def spell_result(shape: Shape | None, keys: tuple[Key, ...], style: ValueStyle) -> tuple[Key, ...]:
    """Return a path into a Task's result as a path into botocore's response.

    Args:
        shape: the operation's output.
        keys: the path, as Step Functions spells it.
        style: how the integration spells fields.

    Raises:
        NotNative: the value there is another one in botocore's response, but for a few names within its members.
    """
    spelled: list[Key] = []
    for key in keys:
        if shape is not None and shape.type_name == "structure":
            member = _member(shape, str(key), style)
            if member is None:
                raise NotNative(f"the response has no {key}")
            spelled.append(member)
        elif isinstance(key, str) and shape is not None and shape.type_name == "list":
            raise NotNative(f"a path reads {key} in an array of the response; JSONata takes that of each item")
        else:
            spelled.append(key)
        shape = _inner(shape, key, style)
        if shape is None and len(spelled) < len(keys):
            raise NotNative(f"the response has no {'.'.join(map(str, keys))}")
    is_named_alike = all(style.field(name) == name for name in getattr(shape, "members", ()))
    few = is_named_alike and len(dict(other_names(shape, style))) <= MOST_OTHER_NAMES
    if shape is None or not _is_spelled_alike(shape, style, times=True, names=few):
        raise NotNative(f"boto3 spells {'.'.join(map(str, keys)) or 'the response'} in another way than Step Functions")
    return tuple(spelled)


def to_tree(value: Value) -> Any:
    """Return a value as dicts, lists and scalars; what is known only in a run stays a value."""
    if is_constant(value):
        return as_json(value)
    if isinstance(value, Object) and value.base is None:
        return {name: to_tree(entry) for name, entry in value.members}
    if isinstance(value, Array):
        return [to_tree(item) for item in value.items]
    return value
