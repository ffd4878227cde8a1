"""The golden DAG files: what translation makes of each machine under ``tests/golden``, and of those under ``dags``.

A folder holds ``machine.asl.json`` or ``machine.asl.yaml``, ``dag.py``, ``native.py`` where the machine can be said
natively, and where it needs them the arguments of `translate` in ``options.json``. ``python -m tests.golden`` rewrites
the DAG files, and ``dags/sales_pipeline.history.json``, the sample for ``replay``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sfn_provider.engine import load_mocks, simulate
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
        """Translate the definition; the options of the exact style alone are left out of others."""
        source = self.definition.read_text(encoding="utf-8")
        exact_alone = ("tasks", "map_batch") if options.get("style", "exact") != "exact" else ()
        own = {name: value for name, value in self.options.items() if name not in exact_alone}
        return translate(source, dag_id=self.name, origin=self.definition.name, **own, **options)

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


def sales_history() -> str:
    """Make the sample history: what GetExecutionHistory returns of the sales pipeline whose Glue job fails twice."""
    execution = simulate(
        (DAGS / "sales_pipeline.asl.json").read_text(encoding="utf-8"),
        json.loads((DAGS / "sales_pipeline.input.json").read_text()),
        mocks=load_mocks(f"{DAGS / 'sales_pipeline.mocks.json'}#GlueFailsTwiceThenSucceeds"),
    )
    return json.dumps({"events": execution.events}, indent=2, default=datetime.isoformat) + "\n"


def main() -> None:
    """Rewrite the DAG files, and the sample history, that differ."""
    _write(DAGS / "sales_pipeline.history.json", sales_history())
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
