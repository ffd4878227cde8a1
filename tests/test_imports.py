"""What each part of the package imports: the language, the engine and the translator need neither Airflow nor boto3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BLOCKED = ("airflow", "boto3", "botocore", "aiobotocore", "aioboto3", "moto")

BLOCK = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ImportError(f"{{name}} is not installed here")

sys.meta_path.insert(0, Blocker())
"""

NOTHING_OF_THEM = f"""
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in {BLOCKED!r})
assert not loaded, loaded
"""


def python(code: str) -> str:
    """Run code in a new Python and give what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


FORK_FOR_EACH_LINE = """
import json, os, sys, traceback
from sfn_provider._compat import BaseOperator
for line in sys.stdin:
    output, child_output = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(child_output, 1)
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc(file=sys.stdout)
            sys.stdout.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    os.close(child_output)
    with open(output) as file:
        printed = file.read()
    print(json.dumps([os.waitpid(child, 0)[1], printed]), flush=True)
"""


@pytest.fixture(scope="module")
def python_with_airflow() -> Iterator[Callable[[str], str]]:
    """Run code in a new process that has imported Airflow's BaseOperator, and give what it prints.

    One Python imports Airflow, and forks for each piece of code.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FORK_FOR_EACH_LINE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as process:

        def run(code: str) -> str:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(code) + "\n")
            process.stdin.flush()
            status, printed = json.loads(process.stdout.readline())
            assert status == 0, printed
            return str(printed)

        yield run


def test_the_blocker_blocks() -> None:
    code = BLOCK + "\ntry:\n    import botocore.client\nexcept ImportError as error:\n    print(error)"
    assert python(code) == "botocore is not installed here\n"


ALONE = {
    "asl": "import sfn_provider.asl",
    "engine": "import sfn_provider.engine",
    "translate": "import sfn_provider.translate",
    "all three": "import sfn_provider.asl, sfn_provider.engine, sfn_provider.translate",
}


@pytest.mark.parametrize("statement", ALONE.values(), ids=ALONE)
def test_import_without_airflow_and_boto3(statement: str) -> None:
    python(BLOCK + statement + NOTHING_OF_THEM)


@pytest.mark.parametrize("statement", ALONE.values(), ids=ALONE)
def test_they_do_not_import_them_where_they_are_installed(statement: str) -> None:
    python("import sys\n" + statement + NOTHING_OF_THEM)


WORK = {
    "test_state": """
from sfn_provider.engine import test_state
from sfn_provider.exceptions import UsageError
message = {"QueueUrl": "q", "MessageBody": "m"}
state = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": message, "End": True}
try:
    test_state(state, mock={"result": {}})
    raise AssertionError("validated without models")
except UsageError as error:
    assert "fieldValidationMode STRICT" in str(error), error
assert test_state(state, mock={"result": {}, "fieldValidationMode": "NONE"})["status"] == "SUCCEEDED"
""",
    "lint": """
from sfn_provider.asl import lint
assert [found.code for found in lint({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}})]
call = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObjekt", "Parameters": {}, "End": True}
assert [found.location for found in lint({"StartAt": "A", "States": {"A": call}})] == ["/States/A/Resource"]
""",
    "simulate": """
from sfn_provider.engine import simulate
machine = {
    "QueryLanguage": "JSONata",
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Arguments": {"QueueUrl": "q", "MessageBody": "{% $string($states.input) %}"},
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "End": True,
            }}},
            "Output": "{% $sum($states.result) %}",
            "End": True,
        }
    },
}
mocks = {"Work": [{"Throw": {"Error": "E"}}, {"Return": 2}]}
execution = simulate(machine, [1, 2], mocks=mocks)
assert (execution.status, execution.output) == ("SUCCEEDED", 4), execution
assert execution.events
""",
    "simulate in JSONPath": """
from sfn_provider.engine import simulate
state = '{"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "End": true}'
assert simulate('{"StartAt": "A", "States": {"A": ' + state + "}}", {"n": 1}).output == {"n": 2}
""",
    "translate": """
from sfn_provider.translate import translate
source = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 5, "Next": "B"}, "B": {"Type": "Succeed"}}}
text = translate(source, dag_id="pipeline", schedule="rate(1 day)").source
compile(text, "pipeline.py", "exec")
assert "pipeline" in text
""",
}  # fmt: skip


@pytest.mark.parametrize("code", WORK.values(), ids=WORK)
def test_they_work_without_airflow_and_boto3(code: str) -> None:
    python(BLOCK + code + NOTHING_OF_THEM)


ADDED = """
import sys
from sfn_provider._compat import BaseOperator  # what Airflow itself brings along is not ours
before = set(sys.modules)
import sfn_provider.operators.state_machine
print("\\n".join(sorted(set(sys.modules) - before)))
"""


def test_the_operators_of_translated_dags_bring_nothing_of_the_engine_when_a_dag_file_is_parsed(
    python_with_airflow: Callable[[str], str],
) -> None:
    added = python_with_airflow(ADDED).split()
    assert "sfn_provider.operators.state_machine" in added
    heavy = ("boto3", "botocore", "aiobotocore", "pydantic", "networkx", "jsonata", "yaml", "rich")
    assert [name for name in added if name.partition(".")[0] in heavy] == []
    parts = ("asl", "engine", "integrations", "translate", "compare", "hooks", "triggers")
    assert [name for name in added if name.startswith(tuple(f"sfn_provider.{part}" for part in parts))] == []


PARSED = sorted(
    f"sfn_provider.{kind}.{path.stem}"
    for kind in ("links", "operators", "runtime", "sensors", "triggers")
    for path in (ROOT / "sfn_provider" / kind).glob("[a-z]*.py")
)


def test_nothing_that_a_dag_file_imports_needs_boto3() -> None:
    without_airflow = tuple(name for name in BLOCKED if name != "airflow")
    code = BLOCK.replace(repr(BLOCKED), repr(without_airflow)) + f"import {', '.join(PARSED)}"
    python(code + NOTHING_OF_THEM.replace(repr(BLOCKED), repr(without_airflow)))


USED = {
    "operator": (
        "operators",
        "StepFunctionStartExecutionOperator",
        "operators.wait_for_execution",
        "operators.deployment",
    ),
    "sensor": ("sensors", "StepFunctionExecutionSensor", "sensors.execution", "sensors.map_run"),
}


@pytest.mark.parametrize(("kind", "name", "there", "not_there"), USED.values(), ids=USED)
def test_a_dag_file_pays_for_the_driving_classes_that_it_uses_and_for_no_trigger(
    kind: str, name: str, there: str, not_there: str, python_with_airflow: Callable[[str], str]
) -> None:
    use = f"from sfn_provider.{kind}.step_function import {name}"
    added = python_with_airflow(ADDED.replace("import sfn_provider.operators.state_machine", use)).split()
    assert f"sfn_provider.{there}" in added
    assert f"sfn_provider.{not_there}" not in added
    assert [each for each in added if each.startswith("sfn_provider.triggers")] == []
    hooks = {f"sfn_provider.hooks{module}" for module in ("", ".argument_checks", ".aws_hook_mixin")}
    assert {each for each in added if each.startswith("sfn_provider.hooks")} <= hooks


BASES = {
    "operators": "from sfn_provider._compat import BaseOperator as A; "
    "from sfn_provider.operators.wait_for_execution import WaitingOperator as B",
    "sensors": "from sfn_provider._compat import BaseSensorOperator as A; from sfn_provider.sensors.base import "
    "StepFunctionsSensor as B",
}


@pytest.mark.parametrize("imported", BASES.values(), ids=BASES)
def test_airflow_wraps_no_constructor_of_a_driving_class_between_its_own_and_airflows(
    imported: str, python_with_airflow: Callable[[str], str]
) -> None:
    """Airflow calls what it wraps for each task of a DAG file."""
    code = """
assert A.__init__.__wrapped__
between = [base for base in B.__mro__[: B.__mro__.index(A)] if "__init__" in vars(base)]
assert between and [base for base in between if hasattr(base.__init__, "__wrapped__")] == []
"""
    python_with_airflow(imported + code)


def test_operators_and_sensors_that_drive_bring_nothing_heavy_when_a_dag_file_is_parsed(
    python_with_airflow: Callable[[str], str],
) -> None:
    everything = "; ".join(f"from sfn_provider.{kind}.step_function import *" for kind in ("operators", "sensors"))
    added = python_with_airflow(ADDED.replace("import sfn_provider.operators.state_machine", everything)).split()
    assert "sfn_provider.operators.deployment" in added
    heavy = ("aiobotocore", "asgiref", "airflow.providers", "boto3", "botocore", "networkx", "yaml")
    assert [name for name in added if name.startswith(heavy)] == []
    parts = ("asl", "engine", "integrations", "translate", "compare")
    assert [name for name in added if name.startswith(tuple(f"sfn_provider.{part}" for part in parts))] == []


def test_the_package_itself_imports_the_standard_library_alone() -> None:
    """Airflow imports it while its own configuration initialises."""
    code = """
import sys
before = set(sys.modules)
import sfn_provider, sfn_provider.get_provider_info
sfn_provider.get_provider_info.get_provider_info()
added = {name.partition(".")[0] for name in set(sys.modules) - before}
assert added <= {"sfn_provider"} | set(sys.stdlib_module_names), added
"""
    python(code)
