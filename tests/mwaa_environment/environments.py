"""Python environments as the images of Amazon MWAA have them: this package, and nothing of its tests.

``python -m tests.mwaa_environment.environments [--pins FOLDER] VERSION...`` makes those that are missing below
``build/mwaa``. FOLDER holds the constraints of the images as ``VERSION.txt``; without it they are those that Airflow
publishes. This package is installed anew each time, from its plugins.zip by its requirements.txt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sfn_provider.mwaa.images import find_image
from tests.matrix.environments import ROOT, install, install_package, make_environment

FOLDER = ROOT / "build" / "mwaa"
# The image has clients of PostgreSQL. Celery's for Redis stands for the one of SQS.
_DRIVERS = {"2": ("psycopg2-binary", "redis"), "3": ("psycopg2-binary", "asyncpg", "gunicorn", "redis")}


def main() -> None:
    """Make the environments that are missing, and put this package into all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pins", type=Path)
    parser.add_argument("versions", nargs="+")
    given = parser.parse_args()
    for version in given.versions:
        image, folder = find_image(version), FOLDER / version
        if not (folder / "image.txt").exists():
            make_environment(image, given.pins, folder)
            install(folder, *_DRIVERS[version.partition(".")[0]], compile_all=True)
        install_package(image, folder)
        print(f"Airflow {version}: ready")


if __name__ == "__main__":
    main()
