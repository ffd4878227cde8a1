"""The golden DAG files: what translation makes of each machine under ``tests/golden``, and of those under ``dags``.

A folder holds ``machine.asl.json`` or ``machine.asl.yaml``, ``dag.py``, and where it needs them the arguments of
`translate` in ``options.json``. ``python -m tests.golden`` rewrites the DAG files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfn_provider.translate import Translation, translate

ROOT = Path(__file__).parents[1]
MACHINES = Path(__file__).parent / "golden"
DAGS = ROOT / "dags"


@dataclass(frozen=True)
class Golden:
    """A definition and the DAG file that is made of it.

    Args:
        name: the DAG's id.
        definition: the definition's file.
        dag: the DAG file.
        options: arguments of `translate`.
    """

    name: str
    definition: Path
    dag: Path
    options: dict[str, Any] = field(default_factory=dict)

    def translate(self) -> Translation:
        """Translate the definition."""
        source = self.definition.read_text(encoding="utf-8")
        return translate(source, dag_id=self.name, origin=self.definition.name, **self.options)

    def written(self) -> str:
        """Read the DAG file."""
        return self.dag.read_bytes().decode("utf-8")


def goldens() -> list[Golden]:
    """Give all golden files, by name."""
    return [*(_in_folder(folder) for folder in sorted(MACHINES.iterdir()) if folder.is_dir()), _sales_pipeline()]


def _in_folder(folder: Path) -> Golden:
    [definition] = folder.glob("machine.asl.*")
    options = folder / "options.json"
    return Golden(
        folder.name, definition, folder / "dag.py", json.loads(options.read_text()) if options.exists() else {}
    )


def _sales_pipeline() -> Golden:
    params = json.loads((DAGS / "sales_pipeline.input.json").read_text())
    options = {"schedule": "cron(0 2 * * ? *)", "params": params}
    return Golden("sales_pipeline", DAGS / "sales_pipeline.asl.json", DAGS / "sales_pipeline.py", options)


def main() -> None:
    """Rewrite the DAG files that differ."""
    for golden in goldens():
        source = golden.translate().source
        changed = not golden.dag.exists() or golden.written() != source
        if changed:
            golden.dag.write_bytes(source.encode())
        print(f"{'rewrote' if changed else 'kept   '} {golden.dag.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
