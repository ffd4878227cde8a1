"""The golden DAG files: what translation makes of each machine under ``tests/golden``, and of those under ``dags``.

A folder holds ``machine.asl.json`` or ``machine.asl.yaml``, ``dag.py``, ``native.py`` where the machine can be said
natively, and where it needs them the arguments of `translate` in ``options.json``. ``python -m tests.golden`` rewrites
the DAG files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfn_provider.translate import Translation, translate

NATIVE_VERSION = "3.3.1"
"""The Airflow for which native files are made."""

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
        native: the DAG file in the native style, where the machine can be said so.
    """

    name: str
    definition: Path
    dag: Path
    options: dict[str, Any] = field(default_factory=dict)
    native: Path = Path()

    def translate(self, **options: Any) -> Translation:
        """Translate the definition."""
        source = self.definition.read_text(encoding="utf-8")
        return translate(source, dag_id=self.name, origin=self.definition.name, **self.options, **options)

    def native_source(self) -> str | None:
        """Translate the definition natively; None where it cannot be said so."""
        made = self.translate(style="native", airflow_version=NATIVE_VERSION)
        return made.source if made.style == "native" else None

    def written(self) -> str:
        """Read the DAG file."""
        return self.dag.read_bytes().decode("utf-8")


def goldens() -> list[Golden]:
    """Give all golden files, by name."""
    return [*(_in_folder(folder) for folder in sorted(MACHINES.iterdir()) if folder.is_dir()), _sales_pipeline()]


def _in_folder(folder: Path) -> Golden:
    [definition] = folder.glob("machine.asl.*")
    options = folder / "options.json"
    given = json.loads(options.read_text()) if options.exists() else {}
    return Golden(folder.name, definition, folder / "dag.py", given, folder / "native.py")


def _sales_pipeline() -> Golden:
    params = json.loads((DAGS / "sales_pipeline.input.json").read_text())
    options = {"schedule": "cron(0 2 * * ? *)", "params": params}
    native = MACHINES / "sales_pipeline.native.py"
    return Golden("sales_pipeline", DAGS / "sales_pipeline.asl.json", DAGS / "sales_pipeline.py", options, native)


def main() -> None:
    """Rewrite the DAG files that differ."""
    for golden in goldens():
        _write(golden.dag, golden.translate().source)
        native = golden.native_source()
        if native is not None:
            _write(golden.native, native)
        else:
            golden.native.unlink(missing_ok=True)


def _write(path: Path, source: str) -> None:
    changed = not path.exists() or path.read_bytes().decode("utf-8") != source
    if changed:
        path.write_bytes(source.encode())
    print(f"{'rewrote' if changed else 'kept   '} {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
