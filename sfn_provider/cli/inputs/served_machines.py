"""Reads what ``serve`` serves: state machines of files, and what answers their tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.placeholders import check_used
from sfn_provider.cli.inputs.input_files import open_definition
from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.compare.cases.execution_mocks import mocks_for_execution
from sfn_provider.engine.simulation.mock_files import mocks_of_configuration
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.server.driver.clocks import TimeMode, check_time_mode
from sfn_provider.server.driver.task_runner import TaskRunner
from sfn_provider.server.resources.machine_names import machine_name
from sfn_provider.server.tasks.first_answer import FirstAnswer
from sfn_provider.server.tasks.lambda_client import parse_functions
from sfn_provider.server.tasks.mocked_tasks import MadeTasks, MockedTasks
from sfn_provider.server.tasks.service_tasks import EVERY_SERVICE, ServiceTasks
from sfn_provider.text_files import read_json_file

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_SPEED: Final = re.compile(r"(\d+(?:\.\d+)?)\s*x?")


@dataclass(frozen=True, slots=True)
class ServedMachine:
    """A state machine to create.

    Args:
        name: its name.
        definition: its definition as JSON text.
        execution_type: ``STANDARD`` or ``EXPRESS``.
        machine: its model.
        file: where it was read.
    """

    name: str
    definition: str
    execution_type: str
    machine: StateMachine = field(repr=False)
    file: str = ""


def read_machines(files: Sequence[str], substitutions: tuple[str, ...], *, quiet: bool) -> list[ServedMachine]:
    """Read the state machines of files.

    Args:
        files: ``FILE`` or ``NAME=FILE``, each as the other commands take it.
        substitutions: values for ``${Name}``; each must be used by one of the files.
        quiet: do not print warnings.

    Raises:
        InvalidDefinition: Step Functions would refuse one.
        UsageError: a file cannot be read, or two machines have one name.
    """
    found: dict[str, ServedMachine] = {}
    unused = {*read_substitutions(substitutions)}
    for argument in files:
        machine, left = _read_machine(argument, substitutions, quiet=quiet)
        unused &= left
        if (other := found.get(machine.name)) is not None:
            raise UsageError(
                f"{other.file} and {machine.file} both hold the state machine {machine.name!r}: name one of them, "
                f"OtherName={machine.file}"
            )
        found[machine.name] = machine
    check_used(unused)
    return list(found.values())


def _read_machine(
    argument: str, substitutions: tuple[str, ...], *, quiet: bool
) -> tuple[ServedMachine, frozenset[str]]:
    """Read one; return the substitutions that it does not use, too."""
    name, equals, file = argument.partition("=")
    if not equals or _NAME.fullmatch(name) is None or Path(argument).exists():
        name, file = "", argument
    definition = open_definition(file, substitutions, quiet=quiet, refuse_unused=False)
    machine = ServedMachine(
        name=name or machine_name(definition.name),
        # Files may hold comments, or YAML; the API takes JSON.
        definition=json.dumps(definition.document.value, indent=2, ensure_ascii=False),
        execution_type=definition.execution_type,
        machine=definition.document.machine,
        file=definition.file,
    )
    return machine, definition.unused


def read_time(text: str) -> TimeMode:
    """Read how time passes.

    Args:
        text: ``real``, ``virtual``, or how many times faster than real: ``60x``.

    Raises:
        UsageError: it is none of these.
    """
    if text in ("real", "virtual"):
        return "real" if text == "real" else "virtual"
    match = _SPEED.fullmatch(text)
    if match is None:
        raise UsageError(f"--time {text!r} is neither real nor virtual, nor a speed such as 60x")
    speed = float(match[1])
    check_time_mode(speed)
    return speed


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What answers tasks.

    Args:
        mock: ``FILE`` or ``FILE#CASE`` of a mock configuration; None without.
        functions: ``NAME=TARGET`` for Lambda functions.
        endpoints: ``SERVICE=URL`` for services, ``URL`` for all others.
        made: make up what nothing else answers.
    """

    mock: str | None = None
    functions: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    made: bool = False

    @property
    def makes_answers(self) -> bool:
        """Answers are made where the user has said so, or has named nothing that answers."""
        return self.made or not (self.mock or self.functions or self.endpoints)


@dataclass(frozen=True, slots=True)
class TaskAnswers:
    """What answers tasks, ready to run.

    Args:
        runner: it.
        cases: the test cases of the mock file, ``Machine/Case``.
        default_case: that of executions that name none.
    """

    runner: TaskRunner
    cases: tuple[str, ...] = ()
    default_case: str | None = None


def read_task_answers(
    options: TaskOptions, machines: Sequence[ServedMachine], region: str, account_id: str
) -> TaskAnswers:
    """Make what answers tasks: mocks first, then functions and services, then made answers.

    Args:
        options: the user's.
        machines: the machines of files, whose mocks are checked.
        region: the server's region.
        account_id: its account.

    Raises:
        UsageError: a file or a function cannot be read, or an option names what does not exist.
    """
    runners: list[TaskRunner] = []
    cases: dict[str, Mocks] = {}
    default = None
    if options.mock is not None:
        path, _, default_name = options.mock.partition("#")
        cases = _read_cases(path, machines)
        default = default_name or (next(iter(cases)) if len(cases) == 1 else None)
        mocked = MockedTasks(cases, path, default)
        if default is not None:
            mocked.check_case(default)
    else:
        mocked = MockedTasks({}, "no mock file is given (--mock)")
    runners.append(mocked)
    if options.functions or options.endpoints:
        functions = parse_functions(_read_pairs(options.functions, "--lambda", "NAME=module:function"))
        endpoints = _read_pairs(options.endpoints, "--endpoint", "SERVICE=URL", default_key=EVERY_SERVICE)
        runners.append(ServiceTasks(functions, endpoints, region, account_id))
    if options.makes_answers:
        runners.append(MadeTasks(mocks_for_execution))
    return TaskAnswers(FirstAnswer(*runners), tuple(cases), default)


def _read_cases(path: str, machines: Sequence[ServedMachine]) -> dict[str, Mocks]:
    cases = mocks_of_configuration(read_json_file(path, "a mock configuration"), path)
    if not cases:
        raise UsageError(f"{path}: the mock file has no test cases")
    models = {machine.name: machine.machine for machine in machines}
    for name, mocks in cases.items():
        machine = models.get(name.partition("/")[0])
        if machine is not None:
            mocks.check_states(machine, f"{path}: test case {name!r} mocks")
    return cases


def _read_pairs(values: Sequence[str], option: str, form: str, *, default_key: str | None = None) -> dict[str, str]:
    """Read options ``KEY=VALUE``; a URL without a key has the default one, where there is such a key."""
    found: dict[str, str] = {}
    for value in values:
        key, equals, target = value.partition("=")
        if default_key is not None and (not equals or "://" in key):
            key, target = default_key, value
        elif not equals or not key or not target:
            raise UsageError(f"{option} {value!r} must be {form}")
        if key in found:
            raise UsageError(f"{option} names {key or 'the endpoint of all services'} twice")
        found[key] = target
    return found
