"""Writes a workflow with the DAG file that loads it by dag-factory, as the service does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LOADER: Final = '''"""Loads a workflow of MWAA Serverless: an Airflow dag."""
from pathlib import Path

from dagfactory import load_yaml_dags

load_yaml_dags(globals(), config_filepath=str(Path(__file__).with_name({name!r})))
'''


def write_workflow(source: str, dag_id: str, folder: Path) -> Path:
    """Write a workflow and its DAG file into a folder; return the path of the DAG file.

    Args:
        source: the workflow's YAML.
        dag_id: its name.
        folder: the folder, which is there.
    """
    name = f"{dag_id}.yaml"
    (folder / name).write_text(source, encoding="utf-8")
    dag_file = folder / f"{dag_id}.py"
    dag_file.write_text(_LOADER.format(name=name), encoding="utf-8")
    return dag_file
