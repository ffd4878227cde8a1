"""Renders template fields so that text stays text, and the output of a task the value that it is.

With ``render_template_as_native_obj`` Airflow has Jinja parse each rendered text as a Python literal: an execution's
name ``20250301`` becomes a number, a cause ``None`` becomes None. Here

- text fields are sent as the text that was rendered; None stays "nothing", numbers and booleans become text;
- JSON fields (``state_machine_input``, ``task_output``) take a text as JSON text, and the output of a task as a value:
  an output that is the text ``123`` is sent as ``"123"``, not as a number;
- a text in place of a boolean means what it says.

Source: ``jinja2.nativetypes.native_concat``; ``render_template`` of ``airflow.sdk.definitions.context``.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import require_execution_arn
from sfn_provider.secret_masking import quote

if TYPE_CHECKING:
    from sfn_provider._compat import Context

TEXT_FIELDS: Final = frozenset({
    "activity_arn", "alias", "aws_conn_id", "cause", "error", "execution_arn", "map_run_arn", "name", "region_name",
    "role_arn", "state_machine_arn", "state_name", "task_token", "version_description", "worker_name",
})  # fmt: skip
"""Template fields that AWS or Airflow takes as text."""

TEXT_MAPPING_FIELDS: Final = frozenset({"substitutions", "tags"})
"""Template fields that are mappings of text to text."""

TEXT_LIST_FIELDS: Final = frozenset({"execution_arns"})
"""Template fields that are lists of text."""

JSON_FIELDS: Final = frozenset({"state_machine_input", "task_output"})
"""Template fields that are sent as JSON."""

_JSON_BEGINNINGS: Final = ("{", "[", '"')

_TRUE_WORDS: Final = frozenset({"true", "1", "yes", "y", "on", "t"})
_FALSE_WORDS: Final = frozenset({"false", "0", "no", "n", "off", "f", "none", ""})

RenderString = Callable[[Any, "Context"], Any]
"""Renders a Jinja template with a context."""


def render_fields(
    task: Any,
    fields: Iterable[str],
    context: Context,
    *,
    is_native: bool,
    own_class: type,
    render: Callable[[list[str]], None],
) -> None:
    """Render an operator's template fields by their types.

    Args:
        task: the operator; its attribute ``_render_string`` is set to what renders a template, None for Airflow's way.
        fields: the fields to render.
        context: of the task.
        is_native: the DAG or the operator has ``render_template_as_native_obj``.
        own_class: the base class of the operators for Step Functions.
        render: has Airflow render some fields.

    Raises:
        UsageError: a value of a text field is no text.
    """
    fields = list(fields)
    map_index = getattr(context.get("ti"), "map_index", None)
    written = {field: getattr(task, field) for field in JSON_FIELDS.intersection(fields)}
    references = {field: output_references(task, field, -1 if map_index is None else map_index) for field in written}
    try:
        for render_string, group in _groups(task, fields) if is_native else [(None, fields)]:
            task._render_string = render_string
            render(group)
    finally:
        task._render_string = None
    for field in fields:
        value = getattr(task, field)
        if field in TEXT_FIELDS:
            if field == "execution_arn" and isinstance(value, dict | list):
                require_execution_arn(value)  # the output of an execution: the error says where the ARN is
            vars(task)[field] = as_text(value, field)
        elif field in TEXT_MAPPING_FIELDS:
            vars(task)[field] = as_texts(value, field)
        elif references.get(field) and isinstance(value, str) and _is_unrendered(written[field], value):
            vars(task)[field] = encode_output(value, references[field], own_class)


def render_text(template: Any, context: Context) -> Any:
    """Render a template of a native environment to text; return a value alone, such as None or a number, unchanged."""
    pieces = _render_pieces(template, context)
    if len(pieces) == 1 and not _is_text(pieces[0]):
        return pieces[0]
    return "".join(map(str, pieces))


def render_json(template: Any, context: Context) -> Any:
    """Render a template of a native environment to a JSON text or a value.

    A value alone is returned unchanged, a text unchanged if it is JSON, else parsed as a Python literal, as Jinja does:
    ``{'day': '{{ ds }}'}``.
    """
    from jinja2.nativetypes import native_concat

    pieces = _render_pieces(template, context)
    if not pieces or (len(pieces) == 1 and not _is_text(pieces[0])):
        return native_concat(pieces)
    text = "".join(map(str, pieces))
    return text if _is_json(text) else native_concat([text])


def as_text(value: Any, field: str) -> str | None:
    """Return a value as the text that AWS is sent: ``true`` for True; None stays None.

    Args:
        value: a text, a bool, a number, a date, a UUID, or an ``Enum`` of those.
        field: the argument's name, for the error.

    Raises:
        UsageError: the value is something else, for example a dict.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Enum):
        return as_text(value.value, field)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):  # datetime is a date
        return value.isoformat()
    if isinstance(value, int | UUID) or (isinstance(value, float | Decimal) and math.isfinite(value)):
        return str(value)
    raise UsageError(
        f"{field}: {quote(value)} is of type {type(value).__name__} and no text; a template takes a part of it, "
        f"or all of it as JSON: {{{{ ... | tojson }}}}"
    )


def as_texts(value: Any, field: str) -> dict[str, str] | None:
    """Return a mapping with its keys and values as text; None stays None.

    Args:
        value: a mapping, or its JSON text.
        field: the argument's name, for the error.

    Raises:
        UsageError: it is no mapping, or a key or a value is no text.
    """
    if value is None:
        return None
    mapping = json.loads(value) if isinstance(value, str) and _is_json(value) else value
    if not isinstance(mapping, Mapping):
        raise UsageError(f"{field}: {quote(value)} is no dict; pass one, or end a template with | tojson")
    return {_require_text(key, field): _require_text(item, f"{field}[{key!r}]") for key, item in mapping.items()}


def parse_bool(value: Any, field: str) -> bool:
    """Parse a boolean that a template may have rendered to text.

    Args:
        value: a bool, None (false), an int, or one of the words true/false, yes/no, on/off, 1/0 in any case.
        field: the argument's name, for the error.

    Raises:
        UsageError: it is something else.
    """
    word = value.strip().lower() if isinstance(value, str) else None
    if value is None or isinstance(value, bool | int):
        return bool(value)
    if word in _TRUE_WORDS or word in _FALSE_WORDS:
        return word in _TRUE_WORDS
    raise UsageError(f"{field}: {quote(value)} is neither true nor false; write 'true' or 'false'")


def encode_output(value: str, references: Iterable[tuple[Any, Any]], own_class: type) -> str:
    """Encode a text that is the output of a task as JSON text.

    An output of Step Functions is a value. A text that another task returns is taken as the amazon provider takes it
    if it can only be meant as JSON: an object, an array, or a text in quotes. Any other is a value, too.

    Args:
        value: the output.
        references: the operators it comes from, with the keys of the XComs.
        own_class: the base class of the operators for Step Functions.
    """
    operators = [getattr(operator, "operator_class", None) or type(operator) for operator, _ in references]
    is_text_of_json = value.lstrip().startswith(_JSON_BEGINNINGS) and _is_json(value)
    if is_text_of_json and not all(issubclass(operator, own_class) for operator in operators):
        return value
    return json.dumps(value, ensure_ascii=False)


def output_references(task: Any, field: str, map_index: int) -> list[tuple[Any, Any]]:
    """Return the operators whose output an argument is, with the keys of the XComs; none if the author has written it.

    Args:
        task: the operator, not rendered yet; for a mapped task the one of its map index.
        field: the argument's name.
        map_index: of the task instance; below 0 if the task is not mapped.
    """
    if references := _references(getattr(task, field)):
        return references
    mapped = task.dag.get_task(task.task_id) if map_index >= 0 and task.has_dag() else task
    arguments = getattr(getattr(mapped, "expand_input", None), "value", None)
    if isinstance(arguments, Mapping):  # of expand
        return _references(arguments.get(field))
    if arguments is None or field in mapped.partial_kwargs:
        return []
    return _references(arguments[map_index] if isinstance(arguments, Sequence) else arguments)  # of expand_kwargs


def _groups(task: Any, fields: Iterable[str]) -> list[tuple[RenderString | None, list[str]]]:
    """Group the fields of a task in a native DAG by what renders them."""
    groups: dict[RenderString | None, list[str]] = {}
    for field in fields:
        is_string = isinstance(getattr(task, field), str)
        renderer: RenderString | None = None
        if field in TEXT_FIELDS or (field in TEXT_MAPPING_FIELDS | TEXT_LIST_FIELDS and not is_string):
            renderer = render_text
        elif field in JSON_FIELDS and is_string:  # what is inside a dict is rendered as in any native DAG
            renderer = render_json
        groups.setdefault(renderer, []).append(field)
    return list(groups.items())


def _is_unrendered(written: Any, rendered: str) -> bool:
    """Return whether a text is the output of a task itself; ``expand_kwargs`` renders texts of an output, too."""
    return not isinstance(written, str) or written == rendered


def _references(value: Any) -> list[tuple[Any, Any]]:
    iterate: Callable[[], Iterable[tuple[Any, Any]]] | None = getattr(value, "iter_references", None)
    return list(iterate()) if iterate is not None else []


def _require_text(value: Any, field: str) -> str:
    text = as_text(value, field)
    if text is None:
        raise UsageError(f"{field}: None is no text")
    return text


def _is_text(piece: Any) -> bool:
    from jinja2 import Undefined

    return isinstance(piece, str | Undefined)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _render_pieces(template: Any, context: Context) -> list[Any]:
    """Render a template to its pieces, which Airflow only returns joined."""
    environment = template.environment
    variables: Any = copy.copy(context)
    variables.update((key, value) for key, value in template.globals.items() if key not in variables)
    try:
        return list(
            template.root_render_func(environment.context_class(environment, variables, template.name, template.blocks))
        )
    except Exception:
        environment.handle_exception()  # raises with the template's lines in the traceback
        raise
