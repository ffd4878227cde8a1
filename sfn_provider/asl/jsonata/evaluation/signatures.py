"""Checks the arguments of a call against a function's signature."""

from __future__ import annotations

import re
from typing import Any

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import NULL
from sfn_provider.asl.jsonata.values import is_function


def type_letter(value: Any) -> str:
    """Return the letter for a value's type in signatures; ``m`` is undefined, ``l`` is null."""
    if value is None:
        return "m"
    if value is NULL:
        return "l"
    if isinstance(value, str):
        return "s"
    if isinstance(value, bool):
        return "b"
    if isinstance(value, (int, float)):
        return "n"
    if isinstance(value, list):
        return "a"
    if isinstance(value, dict):
        return "o"
    return "f" if is_function(value) else "m"


def bind_arguments(signature: Any, args: list[Any], context: Any, name: str | None) -> list[Any]:
    """Check the arguments of a call and complete them.

    Args:
        signature: the library's parsed signature.
        args: the arguments of the call.
        context: the value of ``$`` at the call, for parameters that default to it.
        name: the function's name, for messages.

    Returns:
        One value for each parameter: single values in lists where the parameter is an array, None for what is missing.

    Raises:
        JsonataError: T0410 to T0412, as the reference.
    """
    supplied = "".join(map(type_letter, args))
    match = signature._regex.fullmatch(supplied)
    if match is None:
        raise JsonataError("T0410", index=_first_wrong(signature, supplied), token=name)
    found: list[Any] = []
    position = 0
    for param, letters in zip(signature._params, match.groups(), strict=True):
        if not letters:
            if param.context:
                found.append(_context(param, context, position, name))
            else:
                found.append(args[position] if position < len(args) else None)
                position += 1
        for letter in letters:
            value = args[position] if position < len(args) else None
            found.append(_array(param, letter, letters, value, position, name) if param.type == "a" else value)
            position += 1
    return found


def _context(param: Any, context: Any, position: int, name: str | None) -> Any:
    if re.fullmatch(param.regex, type_letter(context)):
        return context
    raise JsonataError("T0411", index=position + 1, token=name)


def _array(param: Any, letter: str, letters: str, value: Any, position: int, name: str | None) -> Any:
    if letter == "m":
        return None
    subtype = param.subtype
    if subtype is not None:
        fits = all(type_letter(item) == subtype[0] for item in value) if letter == "a" else letters == subtype
        if not fits:
            raise JsonataError("T0412", index=position + 1, token=name, type=subtype)
    return value if letter == "a" else [value]


def _first_wrong(signature: Any, supplied: str) -> int:
    """Find the first argument that does not match, counted from 1."""
    partial, good = "^", 0
    for param in signature._params:
        partial += param.regex
        match = re.match(partial, supplied)
        if match is None:
            return good + 1
        good = match.end()
    return good + 1
