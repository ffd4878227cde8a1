"""The page on MWAA names the versions that the package supports, and what their images have."""

from __future__ import annotations

from sfn_provider.mwaa.images import read_images
from tests.golden import DAGS


def test_the_table_is_what_the_images_have() -> None:
    text = (DAGS.parent / "docs" / "mwaa.md").read_text()
    rows = [
        f"| {image.airflow_version} | {image.python} | {image.installed['apache-airflow-providers-amazon']} "
        f"| {image.installed['boto3']} |"
        for image in read_images().values()
    ]
    assert [row for row in rows if row not in text] == []
    assert [line for line in text.splitlines() if line.startswith(("| 2.", "| 3."))] == rows
