"""The examples of docs/testing-states.md are tests that pass."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

from sfn_provider.testing.state_tests import StateTest

PAGE = Path(__file__).parents[2] / "docs" / "testing-states.md"


def test_the_examples_pass(tmp_path: Path) -> None:
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    passed = []
    machine: dict[str, Any] = {}
    for example in examples:
        names: dict[str, Any] = {}
        exec(example, names)
        machine = names.get("MACHINE", machine)
        (tmp_path / "pipeline.asl.json").write_text(json.dumps(machine))
        for name, value in names.items():
            if name.startswith("test_") and getattr(value, "__test__", True):
                fixtures = {"state_test": StateTest(tmp_path)}
                value(*(fixtures[argument] for argument in inspect.signature(value).parameters))
                passed.append(name)
    again = "test_a_busy_service_is_asked_again"
    assert passed == [again, again, "test_a_charge"]
