from __future__ import annotations

import subprocess
import sys


def test_importing_the_package_imports_neither_boto3_nor_airflow() -> None:
    heavy = "{'airflow', 'boto3', 'botocore', 'sqlalchemy'}"
    program = f"import sys, sfn_provider.integrations; print({heavy} & {{m.split('.')[0] for m in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "set()"
