"""What Airflow is told of the provider, and what that costs."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema

import sfn_provider
from sfn_provider.get_provider_info import get_provider_info

ROOT = Path(sfn_provider.__file__).parent.parent


def python(code: str, **environment: str) -> str:
    """Run code in a fresh interpreter. Gives what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:sfn_provider", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def modules_after(code: str, *heavy: str) -> list[str]:
    """Which of the ``heavy`` modules are loaded after some code, in a fresh interpreter."""
    look = f"import sys; print([name for name in {heavy!r} if name in sys.modules])"
    return json.loads(python(f"{code}\n{look}").splitlines()[-1].replace("'", '"'))


def test_it_has_the_form_that_airflow_wants() -> None:
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_the_version_is_the_packages() -> None:
    assert get_provider_info()["versions"] == [sfn_provider.__version__]


def test_every_link_class_exists() -> None:
    for path in get_provider_info()["extra-links"]:
        module, _, name = path.rpartition(".")
        assert getattr(importlib.import_module(module), name).name


def test_every_module_exists() -> None:
    info = get_provider_info()
    for kind in ("hooks", "operators", "sensors", "triggers"):
        for entry in info[kind]:
            for name in entry["python-modules"]:
                assert importlib.util.find_spec(name), name


def test_reading_it_imports_nothing_but_the_standard_library() -> None:
    loaded = python(
        "import sys; before = set(sys.modules)\n"
        "from sfn_provider.get_provider_info import get_provider_info; get_provider_info()\n"
        "print({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    assert loaded.strip() == "{'sfn_provider'}"


def test_airflow_starts_with_the_provider_and_lists_it(tmp_path: Path) -> None:
    info = tmp_path / "site" / "airflow_provider_sfn-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: airflow-provider-sfn\nVersion: 0.1.0\n")
    entry = "provider_info=sfn_provider.get_provider_info:get_provider_info"
    (info / "entry_points.txt").write_text(f"[apache_airflow_provider]\n{entry}\n")
    code = (
        "from airflow.providers_manager import ProvidersManager\n"
        "manager = ProvidersManager()\n"
        "print(manager.providers['airflow-provider-sfn'].version)\n"
        "print([link for link in sorted(manager.extra_links_class_names) if link.startswith('sfn_provider')])"
    )
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    printed = python(code, PYTHONPATH=path, AIRFLOW_HOME=str(tmp_path / "home")).splitlines()
    assert printed[-2:] == ["0.1.0", str(sorted(get_provider_info()["extra-links"]))]


HEAVY = ("boto3", "botocore", "aiobotocore", "airflow.providers.amazon.aws")


def test_parsing_a_dag_loads_neither_boto3_nor_the_amazon_provider() -> None:
    modules = ", ".join(f"sfn_provider.{kind}.step_function" for kind in ("links", "operators", "sensors", "triggers"))
    dag_file = ROOT / "dags" / "start_sales_pipeline.py"
    assert modules_after(f"import runpy, {modules}; runpy.run_path({str(dag_file)!r})", *HEAVY) == []


def test_the_look_at_loaded_modules_sees_one() -> None:
    assert modules_after("import botocore", *HEAVY) == ["botocore"]
