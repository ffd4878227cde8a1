"""Makes names of state machines of the names of files and resources."""

from __future__ import annotations

import re


def machine_name(text: str) -> str:
    """Return a name that a state machine may have: letters, digits, ``-`` and ``_``, at most 80.

    Args:
        text: the name of a file without its last ending, or a logical id.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text.removesuffix(".asl"))[:80].strip("-") or "StateMachine"
