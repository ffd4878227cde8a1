r"""Parses the template of ``States.Format``: text with a ``{}`` for each further argument.

``\{``, ``\}``, ``\'`` and ``\\`` in it mean the second character. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import re
from functools import lru_cache

from sfn_provider.asl.intrinsics.arguments import InvalidArguments

_CACHE_SIZE = 1024
_MARK = re.compile(r"\\(?P<escaped>[\\'{}])|(?P<place>\{\})|(?P<lone>[{}])")
_UNMATCHED = {
    "{": "Invalid template in States.Format: matching '}' not found for '{'.",
    "}": "Invalid template in States.Format: matching '{' not found for '}'.",
}


@lru_cache(_CACHE_SIZE)
def split_template(template: str) -> tuple[str, ...]:
    """Split a template at its places: ``'a {} b'`` gives ``('a ', ' b')``.

    A backslash before any other character stands for itself.

    Raises:
        InvalidArguments: a brace without its partner.
    """
    pieces = [""]
    position = 0
    for mark in _MARK.finditer(template):
        pieces[-1] += template[position : mark.start()] + (mark["escaped"] or "")
        position = mark.end()
        if mark["place"]:
            pieces.append("")
        elif mark["lone"]:
            raise InvalidArguments(_UNMATCHED[mark["lone"]])
    pieces[-1] += template[position:]
    return tuple(pieces)
