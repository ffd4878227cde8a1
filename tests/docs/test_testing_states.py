"""The example of docs/testing-states.md is a test that passes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "testing-states.md"


def test_the_example_passes() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    tests = [name for name, value in names.items() if name.startswith("test_") and getattr(value, "__test__", True)]
    assert tests == ["test_a_busy_service_is_asked_again"]
    names[tests[0]]()
