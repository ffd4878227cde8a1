"""What made cases reach of published definitions, machine by machine.

The definitions are not in the repository; where they are absent, only the table is checked.
``python -m tests.compare.cases.test_corpus FOLDER`` writes it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sfn_provider.asl import parse
from sfn_provider.compare.cases.made_cases import find_cases
from sfn_provider.compare.machine_analysis.coverage import Coverage
from sfn_provider.exceptions import InvalidDefinition

CORPUS = Path(os.environ.get("SFN_PROVIDER_CORPUS", Path(__file__).parents[4] / "shared/corpus/definitions"))
TABLE = Path(__file__).with_name("corpus_coverage.json")

Row = list[int]
"""States reached, states, rules and catchers reached, rules and catchers."""

KNOWN: dict[str, Row] = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


def measure(coverage: Coverage) -> Row:
    states, rules, catchers = (coverage.counts(kind) for kind in ("state", "rule", "catcher"))
    return [*states, rules[0] + catchers[0], rules[1] + catchers[1]]


def test_made_cases_reach_the_bars_over_all_definitions() -> None:
    states, all_states, rest, all_rest = (sum(row[column] for row in KNOWN.values()) for column in range(4))
    assert len(KNOWN) > 100
    assert states >= 0.95 * all_states
    assert rest >= 0.90 * all_rest


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the published definitions are not in the repository")
@pytest.mark.parametrize("name", KNOWN)
def test_made_cases_reach_as_much_of(name: str) -> None:
    text = (CORPUS / f"{name}.asl.json").read_text(encoding="utf-8")
    assert measure(find_cases(parse(text)).coverage) == KNOWN[name]


def write_table(folder: Path) -> None:
    found: dict[str, Row] = {}
    for path in sorted(folder.glob("*.asl.json")):
        try:
            found[path.name.removesuffix(".asl.json")] = measure(find_cases(parse(path.read_text("utf-8"))).coverage)
        except InvalidDefinition:
            continue
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in found.items())
    TABLE.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    write_table(Path(sys.argv[1]))
