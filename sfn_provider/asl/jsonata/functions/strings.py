"""Implements the built-in functions on strings."""

from __future__ import annotations

import base64
import math
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any, Final

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonata.budget import refuse_larger
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import NULL
from sfn_provider.asl.jsonata.limits import MAX_ARRAY_ITEMS, MAX_STRING_LENGTH, MEMORY_LIMIT
from sfn_provider.asl.jsonata.values import format_rounded_number, is_function, make_sequence, write_json

_RESERVED: Final = ";/?:@&=+$,#"
"""What ``$decodeUrl`` leaves encoded, as JavaScript's decodeURI."""

_BASE64: Final = re.compile(
    r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?",
)
_WORK_OF_A_MATCH: Final = 8
"""The work of finding a match and making its object; that of evaluating a node is 1."""

_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def to_string(value: Any, prettify: Any = None) -> str | None:
    """``$string``: texts as they are, functions empty, everything else as JSON with 15 significant digits.

    Raises:
        JsonataError: D3001 or D1001 for a number that is infinite.
    """
    if value is None or isinstance(value, str):
        return value
    if is_function(value):
        return ""
    if is_number(value) and not _is_finite(value):
        raise JsonataError("D3001")
    refuse_larger(value, MAX_STRING_LENGTH, with_texts=True)
    _refuse_infinity(value)
    return write_json(value, format_rounded_number, 2 if prettify is True else 0)


def _is_finite(value: int | float) -> bool:
    return isinstance(value, int) or value - value == 0


def _refuse_infinity(value: Any) -> None:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise JsonataError("D1001", value=value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_infinity(item)


def substring(text: str, start: Any, length: Any) -> str:
    """``$substring``: by characters; negative start counts from the end, fractions are cut off."""
    if start is None and length is not None:
        return ""  # as JavaScript, which reckons with NaN
    start = start or 0
    if len(text) + start < 0:
        start = 0
    if length is None:
        return text[int(start) :]
    if length <= 0:
        return ""
    end = start + length if start >= 0 else len(text) + start + length
    return text[int(start) : int(end)]


def pad(text: str, width: Any, chars: str | None) -> str:
    """``$pad``: to the right for a positive width, to the left for a negative one."""
    if width is None:
        return text
    missing = int(abs(width)) - len(text)
    if missing <= 0:
        return text
    if missing > MAX_STRING_LENGTH:
        raise JsonataError(None, MEMORY_LIMIT)
    filling = ((chars or " ") * missing)[:missing]
    return text + filling if width > 0 else filling + text


def join(texts: list[str], separator: str | None) -> str:
    """``$join``."""
    separator = separator or ""
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_STRING_LENGTH:
        raise JsonataError(None, MEMORY_LIMIT)
    return separator.join(texts)


def _matches(evaluator: Any, matcher: Any, text: str, name: str) -> Iterator[dict[str, Any]]:
    """Yield the match objects of a regular expression, or of a function that behaves like one.

    Raises:
        JsonataError: T1010 where the function's result is no match object; D1004 for an endless empty match.
    """
    found = evaluator.apply(matcher, [text], NULL, evaluator.environment)
    while found is not None:
        shaped = isinstance(found, dict) and (
            is_number(found.get("start")) or isinstance(found.get("groups"), list) or is_function(found.get("next"))
        )
        if not shaped:
            raise JsonataError("T1010", token=name)
        yield found
        evaluator.budget.spend(_WORK_OF_A_MATCH)
        found = evaluator.apply(found.get("next"), [], NULL, evaluator.environment)


def _refuse_negative_limit(limit: Any, code: str) -> None:
    if limit is not None and limit < 0:
        raise JsonataError(code, value=limit)


def contains(evaluator: Any, text: str, token: Any) -> bool:
    """``$contains``: a text or a regular expression in a text."""
    if isinstance(token, str):
        return token in text
    return next(_matches(evaluator, token, text, "contains"), None) is not None


def match(evaluator: Any, text: str, matcher: Any, limit: Any) -> Any:
    """``$match``: every match with its index and groups.

    Raises:
        JsonataError: D3040 for a negative limit.
    """
    _refuse_negative_limit(limit, "D3040")
    found: list[Any] = []
    if limit is None or limit > 0:
        for item in _matches(evaluator, matcher, text, "match"):
            found.append({"match": item["match"], "index": item["start"], "groups": item["groups"]})
            if limit is not None and len(found) >= limit:
                break
    return make_sequence(found)


def split(evaluator: Any, text: str, separator: Any, limit: Any) -> list[str]:
    """``$split``: at a text or at a regular expression, whose groups are not part of the result.

    Raises:
        JsonataError: D3020 for a negative limit.
    """
    _refuse_negative_limit(limit, "D3020")
    if isinstance(separator, str):
        if (text.count(separator) if separator else len(text)) > MAX_ARRAY_ITEMS:
            raise JsonataError(None, MEMORY_LIMIT)
        found = text.split(separator) if separator else list(text)
    else:
        found, start = [], 0
        for item in _matches(evaluator, separator, text, "split"):
            found.append(text[start : item["start"]])
            start = item["end"]
        found.append(text[start:])
    return found if limit is None else found[: int(limit)]


def replace(evaluator: Any, text: str, pattern: Any, replacement: Any, limit: Any) -> str:
    """``$replace``: by a text, in which ``$1`` stands for a group, or by what a function returns for the match.

    Raises:
        JsonataError: D3010 for an empty pattern, D3011 for a negative limit, D3012 where the function returns no text.
    """
    if pattern == "":
        raise JsonataError("D3010", value=pattern)
    _refuse_negative_limit(limit, "D3011")
    if limit == 0:
        return text
    if isinstance(pattern, str):
        return _replace_text(text, pattern, _require_string(replacement), limit)
    parts, position, room = [], 0, MAX_STRING_LENGTH
    for count, item in enumerate(_matches(evaluator, pattern, text, "replace"), 1):
        parts += [text[position : item["start"]], _replacement_of(evaluator, item, replacement)]
        position = item["start"] + len(item["match"])
        room -= len(parts[-2]) + len(parts[-1])
        if room < 0:
            raise JsonataError(None, MEMORY_LIMIT)
        if limit is not None and count >= limit:
            break
    return "".join(parts) + text[position:]


def _replace_text(text: str, pattern: str, replacement: str, limit: Any) -> str:
    count = text.count(pattern) if limit is None else min(text.count(pattern), math.ceil(limit))
    if len(text) + count * (len(replacement) - len(pattern)) > MAX_STRING_LENGTH:
        raise JsonataError(None, MEMORY_LIMIT)
    return text.replace(pattern, replacement, count)


def _require_string(replacement: Any) -> str:
    if isinstance(replacement, str):
        return replacement
    raise JsonataError("D3012", value=None)


def _replacement_of(evaluator: Any, item: dict[str, Any], replacement: Any) -> str:
    if isinstance(replacement, str):
        return _substitute(replacement, item["match"], item["groups"])
    made = evaluator.apply(replacement, [item], NULL, evaluator.environment)
    if isinstance(made, str):
        return made
    raise JsonataError("D3012", value=made)


def _substitute(replacement: str, matched: str, groups: list[Any]) -> str:
    """Replace ``$1`` by a group, ``$0`` by the match and ``$$`` by a dollar sign."""
    width = len(str(len(groups))) if groups else 1

    def insert(found: re.Match[str]) -> str:
        text = found.group(1)
        if text == "$":
            return "$"
        if text.startswith("0"):
            return matched + text[1:]
        digits = text if int(text) <= len(groups) or width == 1 else text[:-1]
        group = groups[int(digits) - 1] if 0 < int(digits) <= len(groups) else None
        return (group if isinstance(group, str) else "") + text[len(digits) :]

    return re.sub(rf"\$(\$|[0-9]{{1,{width}}})", insert, replacement)


def base64_encode(text: str) -> str:
    """``$base64encode``: of the text's UTF-8 bytes."""
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def base64_decode(text: str) -> str:
    """``$base64decode``: to a text in UTF-8; missing padding is accepted.

    Raises:
        JsonataError: no code where the text is no base64. Reported from an execution, without AWS's words.
    """
    if not _BASE64.fullmatch(text):
        raise JsonataError(None, "The argument of the base64decode function must be base64")
    letters = text.rstrip("=")
    return base64.b64decode(letters + "=" * (-len(letters) % 4)).decode("utf-8", "replace")


def encode_url(text: str) -> str:
    """``$encodeUrl``: leaves what has a meaning in a URL."""
    return _quote(text, "encodeUrl", _RESERVED + "!'()*~")


def encode_url_component(text: str) -> str:
    """``$encodeUrlComponent``: encodes what has a meaning in a URL too."""
    return _quote(text, "encodeUrlComponent", "!'()*~")


def _quote(text: str, name: str, safe: str) -> str:
    try:
        return urllib.parse.quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise JsonataError("D3140", value=text, function_name=name) from error


def decode_url(text: str) -> str:
    """``$decodeUrl``: leaves encoded what has a meaning in a URL."""
    return _unquote(text, "decodeUrl", _RESERVED)


def decode_url_component(text: str) -> str:
    """``$decodeUrlComponent``."""
    return _unquote(text, "decodeUrlComponent", "")


def _unquote(text: str, name: str, reserved: str) -> str:

    def decode(found: re.Match[str]) -> str:
        plain = urllib.parse.unquote(found.group(), errors="strict")
        return "".join(urllib.parse.quote(char, safe="") if char in reserved else char for char in plain)

    try:
        if "%" in _ENCODED.sub("", text):
            raise JsonataError("D3140", value=text, function_name=name)
        return _ENCODED.sub(decode, text)
    except UnicodeDecodeError as error:
        raise JsonataError("D3140", value=text, function_name=name) from error
