"""The environment in which workflows of MWAA Serverless run as on the service: Airflow 3.0.6 with dag-factory.

``python -m tests.matrix.serverless_environment`` makes it in ``build/serverless`` with uv, on Python 3.12 or the 3.11
that runs this. Its constraints are those of Amazon MWAA's image of that Airflow, but for what the service has in other
versions. This package is not installed: who runs workflows there brings its own.
"""

from __future__ import annotations

from sfn_provider.compare.serverless.python_environments import DEFAULT, REQUIREMENTS
from sfn_provider.mwaa.serverless.code_archive import serverless_image
from tests.matrix.environments import ROOT, compile_used, find_python, install, run_uv

FOLDER = DEFAULT.parents[2]
PINS = ROOT / "tests" / "matrix" / "pins"
OTHER_VERSIONS = ("aiobotocore", "apache-airflow-providers-", "boto", "moto", "py-partiql", "s3transfer", "sagemaker")
"""How the names of packages begin that the amazon provider of the service brings in versions of its own."""


def main() -> None:
    """Make the environment where it is missing."""
    image = serverless_image()
    python = find_python(image)
    if python is None:
        raise SystemExit("Neither Python 3.12 is on the path, nor is this one 3.11 or 3.12: Airflow 3.0.6 needs one")
    FOLDER.mkdir(parents=True, exist_ok=True)
    pins = (PINS / f"{image.airflow_version}.txt").read_text().splitlines()
    kept = [pin for pin in pins if not pin.startswith((*OTHER_VERSIONS, "pip=", "setuptools=", "wheel="))]
    (FOLDER / "constraints.txt").write_text("\n".join(kept) + "\n")
    run_uv("venv", "--quiet", "--clear", "--python", python, str(FOLDER / "venv"))
    boto3 = f"boto3=={image.installed['boto3']}"
    install(FOLDER, *REQUIREMENTS, boto3)
    compile_used(FOLDER)
    print(f"Ready, on Python {python}: {DEFAULT}")


if __name__ == "__main__":
    main()
