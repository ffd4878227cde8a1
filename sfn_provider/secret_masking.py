"""Masks secrets in texts before they are shown, cuts texts, and escapes their control characters.

Airflow's secrets masker replaces secrets that it knows, by their value, and values whose key is sensitive
(``password``, ``token``, ...). A log or an exception passes it only as text, where keys are not seen and a secret that
was cut is not recognized: so texts of AWS and of users pass it here, as JSON where they are JSON, before they are cut.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final

from sfn_provider.formatting import cut

_MAX_DEPTH: Final = 100
"""Depth from which on a JSON value is masked whole. Airflow's masker does not look for keys in values deeper than 5
before 3.3, unless it is told to, and logs a value that is too deep for it."""

_PAIRS: Final = (("Name", "Value"), ("name", "value"), ("Key", "Value"), ("key", "value"))
"""Keys of a variable's name and value in lists of variables. Source: ``KeyValuePair`` of ECS and Batch."""


_VALUE_BEGIN: Final = re.compile(r"[{\[]")

_MAX_TRIES: Final = 20
"""How often the begin of a JSON value is looked for in a text: each time the rest of the text may be read in vain."""


def mask_secrets(text: str) -> str:
    """Mask secrets in a text: those that Airflow knows, and the values of sensitive keys.

    Of JSON, texts of JSON inside it and lists of variables (``{"Name": "PASSWORD", "Value": "..."}``) are searched,
    too; of other text, JSON objects and arrays inside it, and what stands in quotes behind a key in quotes. Text that
    has no secret is returned unchanged.
    """
    from sfn_provider._compat import redact

    masked = _mask_json(text)
    return str(redact(_mask_parts(text) if masked is None else masked))


def mask_value(value: Any) -> Any:
    """Mask secrets in a JSON value, as ``mask_secrets`` does in its text."""
    from sfn_provider._compat import redact

    return redact(_mask_inside(value, 0), None, _MAX_DEPTH)


def excerpt(value: Any, length: int) -> str:
    """Return the beginning of a value's text on one line, without secrets, with ``...`` at the end if it was cut.

    Args:
        value: a text, or a JSON value, which is shown as Python shows it.
        length: maximum characters.
    """
    text = mask_secrets(value) if isinstance(value, str) else str(mask_value(value))
    return one_line(cut(text, length))


def quote(value: Any, length: int = 80) -> str:
    """Return an excerpt of a value for a message, a text in quotes."""
    shown = excerpt(value, length)
    return f"'{shown}'" if isinstance(value, str) else shown


def one_line(text: str) -> str:
    r"""Escape line breaks and other control characters (``\n``, ``\x1b``), so that a text cannot forge a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def masked_line(value: object) -> str:
    """Return the text of a value, for example of an error, on one line and without secrets."""
    return one_line(mask_secrets(str(value)))


def _mask_parts(text: str) -> str:
    """Mask secrets in a text that is no JSON: in JSON values inside it, and behind keys in quotes."""
    parts, begin, at = [], 0, 0
    for _ in range(_MAX_TRIES):
        if (found := _VALUE_BEGIN.search(text, at)) is None:
            break
        try:
            value, end = json.JSONDecoder().raw_decode(text, found.start())
        except (ValueError, RecursionError):
            at = found.start() + 1
            continue
        parts += [_mask_behind_keys(text[begin : found.start()]), _mask_parsed(text[found.start() : end], value)]
        begin = at = end
    return "".join([*parts, _mask_behind_keys(text[begin:])])


@cache
def _keys_with_values() -> tuple[re.Pattern[str], ...]:
    """Compile the patterns with the first text: a command that shows none starts faster."""
    # In JSON that was cut or is wrong, in a Python dict, in the middle of a text.
    quoted = (
        r"""(?P<before>(["'])(?P<key>[^"'\n]{1,100})\2\s{0,9}:\s{0,9}(["']))"""
        r"""(?P<value>(?:\\.|(?!\4)[^\\\n])*)(?P<end>\4|\\?$)"""
    )
    # In a text of JSON that stands in a text.
    escaped = (
        r"""(?P<before>(?<!\\)(\\{1,15}["'])(?P<key>[^"'\\\n]{1,100})\2\s{0,9}:\s{0,9}(\\{1,15}["']))"""
        r"""(?P<value>(?:(?!(?<!\\)\4)[^\n])*+)(?P<end>(?:\4)?)"""
    )
    number = (
        r"""(?P<before>(?<!\\)(\\{0,15}["'])(?P<key>[^"'\\\n]{1,100})\2\s{0,9}:\s{0,9})"""
        r"""(?P<value>-?\d[\d.eE+-]*+)(?P<end>)"""
    )
    return tuple(map(re.compile, (quoted, escaped, number)))


def _mask_behind_keys(text: str) -> str:
    for pattern in _keys_with_values():
        text = pattern.sub(_mask_match, text)
    return text


def _mask_match(found: re.Match[str]) -> str:
    from sfn_provider._compat import redact

    value = found["value"]
    return f"{found['before']}{redact(value, found['key'])}{found['end']}"


def _mask_json(text: str) -> str | None:
    """Mask secrets in JSON text; None for other text."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _mask_parsed(text, value)


def _mask_parsed(text: str, value: Any) -> str:
    """Return JSON text without secrets, given its value; unchanged if there are none."""
    masked = mask_value(value)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def _mask_inside(value: Any, depth: int, *, is_hidden: bool = False) -> Any:
    """Mask what Airflow's masker does not see.

    That is: texts of JSON, keys, lists of variables, numbers below sensitive keys, and values that are too deep.
    """
    if isinstance(value, str):
        return _mask_parts(value) if (masked := _mask_json(value)) is None else masked
    if not isinstance(value, dict | list):
        return "***" if is_hidden and isinstance(value, int | float) and not isinstance(value, bool) else value
    if depth == _MAX_DEPTH:
        return "***"
    if isinstance(value, dict):
        return {_mask_key(key): _mask_member(key, item, depth, is_hidden) for key, item in _mask_pair(value).items()}
    return [_mask_inside(item, depth + 1, is_hidden=is_hidden) for item in value]


def _mask_member(key: Any, value: Any, depth: int, is_hidden: bool) -> Any:
    """Mask a member of an object by its key: once that is masked itself, it does not tell that the value is secret."""
    from sfn_provider._compat import redact

    if not _is_sensitive(key):
        return _mask_inside(value, depth + 1, is_hidden=is_hidden)
    return redact(_mask_inside(value, depth + 1, is_hidden=True), key, _MAX_DEPTH)


def _mask_key(key: Any) -> Any:
    """Mask secrets that Airflow knows in a key."""
    from sfn_provider._compat import redact

    return redact(key) if isinstance(key, str) else key


def _is_sensitive(key: Any) -> bool:
    """Return whether Airflow hides the values of a key."""
    from sfn_provider._compat import redact

    return isinstance(key, str) and redact("value", key) != "value"


def _mask_pair(value: dict[Any, Any]) -> dict[Any, Any]:
    from sfn_provider._compat import redact

    for name, content in _PAIRS:
        if isinstance(value.get(name), str) and content in value:
            return {**value, content: redact(value[content], value[name])}
    return value
