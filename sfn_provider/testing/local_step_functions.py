"""Runs Step Functions on this machine for tests, with state machines, mocks and assertions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.cases.execution_mocks import mocks_for_execution
from sfn_provider.engine.simulation.mock_files import mocks_of_configuration
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.server.driver.task_runner import UNHANDLED, TaskOutcome, TaskRequest, TaskRunner
from sfn_provider.server.local_server import LocalServer, check_installed
from sfn_provider.server.resources.machine_names import machine_name
from sfn_provider.server.tasks.first_answer import FirstAnswer
from sfn_provider.server.tasks.mocked_tasks import MadeTasks, MockedTasks
from sfn_provider.testing.local_executions import LocalExecution
from sfn_provider.text_files import read_json_file

if TYPE_CHECKING:
    from sfn_provider.server.driver.clocks import TimeMode
    from sfn_provider.server.tasks.python_functions import Handler

_ONLY_CASE: Final = "mocks"
"""The test case that the mocks of a state machine are, where they are no file."""

_WAIT_SECONDS: Final = 10.0
"""How long an assertion waits for an execution to end: in virtual time nothing takes long."""


class _TasksByMachine:
    """Answers each state machine's tasks by a runner of its own."""

    def __init__(self) -> None:
        self.runners: dict[str, TaskRunner] = {}

    async def run(self, request: TaskRequest) -> TaskOutcome:
        runner = self.runners.get(request.state_machine_name)
        return UNHANDLED if runner is None else await runner.run(request)


class LocalStepFunctions:
    """Step Functions on a free port of this machine; the fixture ``stepfunctions`` is one.

    Args:
        folder: where relative paths start; the current folder is the second choice.
        region: the region in ARNs.
        account_id: the account in ARNs.
        time: how time passes; see `sfn_provider.server.service.StepFunctionsService`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        region: str = "us-east-1",
        account_id: str = "123456789012",
        time: TimeMode = "virtual",
    ) -> None:
        check_installed()
        from sfn_provider.server.service import StepFunctionsService

        self.region = region
        self.account_id = account_id
        self._folder = folder
        self._tasks = _TasksByMachine()
        service = StepFunctionsService(region=region, account_id=account_id, time=time, tasks=self._tasks)
        self._server = LocalServer(service)
        self._client: Any = None

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop()

    @property
    def endpoint_url(self) -> str:
        """The address, for AWS clients."""
        return self._server.endpoint_url

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead the AWS clients of a process here, with credentials that are none."""
        return {
            "AWS_ENDPOINT_URL_SFN": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # else StartSyncExecution calls sync-127.0.0.1
        }

    @property
    def client(self) -> Any:
        """A boto3 client of Step Functions."""
        if self._client is None:
            import boto3
            from botocore.config import Config

            self._client = boto3.session.Session().client(
                "stepfunctions",
                endpoint_url=self.endpoint_url,
                region_name=self.region,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
                config=Config(inject_host_prefix=False),
            )
        return self._client

    def create_state_machine(
        self,
        definition: str | Path | dict[str, Any],
        *,
        name: str | None = None,
        mocks: Mapping[str, Any] | str | None = None,
        functions: Mapping[str, Handler] | None = None,
        substitutions: Mapping[str, str] | None = None,
        execution_type: str | None = None,
    ) -> str:
        """Create a state machine.

        Args:
            definition: a file as ``translate`` takes it (``template.yaml#Machine``), or the definition's object.
            name: its name; that of the file by default.
            mocks: what its tasks answer: ``{state name: [{"Return": json} | {"Throw": {"Error": text}}, ...]}``, or
                ``FILE#CASE`` of a mock configuration file; with ``FILE`` alone executions name their test case:
                ``STATE_MACHINE_ARN#CASE``. Without mocks and functions, results are made.
            functions: Python functions for Lambda functions, by their names.
            substitutions: values for ``${Name}`` in the definition.
            execution_type: ``STANDARD`` or ``EXPRESS``; that of the file by default.

        Returns:
            Its ARN.

        Raises:
            InvalidDefinition: Step Functions would refuse it.
            UsageError: a file cannot be read, or a mock is malformed or of a state that the machine lacks.
        """
        loaded = self._load(definition, substitutions or {}, execution_type)
        name = name or machine_name(loaded.name)
        runners: list[TaskRunner] = [self._mocked(mocks, name, loaded.document.machine)]
        if functions:
            from sfn_provider.server.tasks.service_tasks import ServiceTasks

            runners.append(ServiceTasks(functions, {}, self.region, self.account_id))
        if mocks is None and not functions:
            runners.append(MadeTasks(mocks_for_execution))
        self._tasks.runners[name] = FirstAnswer(*runners)
        request = {
            "name": name,
            "definition": json.dumps(loaded.document.value),
            "type": execution_type or loaded.execution_type,
            "roleArn": f"arn:aws:iam::{self.account_id}:role/testing",
        }
        return str(self._server.call("CreateStateMachine", request)["stateMachineArn"])

    def _load(self, definition: Any, substitutions: Mapping[str, str], execution_type: str | None) -> Any:
        from sfn_provider.exceptions import InvalidDefinition
        from sfn_provider.translate.definitions import read_definition
        from sfn_provider.translate.definitions.loader import StateMachineResource, load_definition

        if isinstance(definition, dict):
            kind: Any = execution_type or "STANDARD"
            loaded = load_definition(
                StateMachineResource("StateMachine", definition, execution_type=kind), substitutions
            )
        else:
            loaded = read_definition(self._find(str(definition)), substitutions)
        found = loaded.document.diagnostics
        if any(each.level == "error" for each in found):
            raise InvalidDefinition(found, loaded.file)
        return loaded

    def _find(self, reference: str) -> str:
        """Return a reference to a file, beside the test where it is there."""
        beside = str(self._folder / reference)
        return beside if Path(beside.partition("#")[0]).is_file() else reference

    def _mocked(self, mocks: Mapping[str, Any] | str | None, machine_name: str, machine: Any) -> MockedTasks:
        if mocks is None:
            return MockedTasks({}, "no mock file is given (mocks=FILE)")
        if not isinstance(mocks, str):
            made = Mocks.from_mapping(mocks)
            made.check_states(machine)
            return MockedTasks({f"{machine_name}/{_ONLY_CASE}": made}, "mocks", _ONLY_CASE)
        path, _, case = self._find(mocks).partition("#")
        cases = mocks_of_configuration(read_json_file(path, "a mock configuration"), path)
        answers = MockedTasks(cases, path, case or (next(iter(cases)) if len(cases) == 1 else None))
        if case:
            answers.check_case(case)
        return answers

    def find_execution(self, arn: str, *, wait: bool = True) -> LocalExecution:
        """Describe an execution.

        Args:
            arn: its ARN, or that of a state machine that has one execution.
            wait: wait until it has ended.

        Raises:
            AssertionError: the state machine has none, or several; or it does not end within 10 seconds.
        """
        __tracebackhide__ = True
        execution = self._server.call("DescribeExecution", {"executionArn": self._only_execution(arn)})
        end = time.monotonic() + _WAIT_SECONDS
        while wait and execution["status"] in ("RUNNING", "PENDING_REDRIVE"):
            if time.monotonic() > end:
                raise AssertionError(
                    f"The execution {execution['executionArn']} still runs after {_WAIT_SECONDS:.0f} s:\n"
                    f"{LocalExecution(execution, self._events(execution['executionArn'])).story()}"
                )
            time.sleep(0.01)
            execution = self._server.call("DescribeExecution", {"executionArn": execution["executionArn"]})
        return LocalExecution(execution, self._events(execution["executionArn"]))

    def assert_execution(
        self,
        arn: str,
        *,
        status: str = "SUCCEEDED",
        input: Json = MISSING,
        output: Json = MISSING,
        error: Json = MISSING,
        cause: Json = MISSING,
        states: Json = MISSING,
    ) -> LocalExecution:
        """Wait for the end of an execution and compare it; what is not given is not compared.

        Args:
            arn: its ARN, or that of a state machine that has one execution.
            status: its status; ``RUNNING`` does not wait.
            input: its input.
            output: its output.
            error: the name of its error; None for no error.
            cause: the cause of its error.
            states: the names of the states that it enters, in order.

        Returns:
            The execution.

        Raises:
            AssertionError: something differs; says how the execution went.
        """
        __tracebackhide__ = True
        execution = self.find_execution(arn, wait=status != "RUNNING")
        expected: dict[str, Json] = {"input": input, "output": output, "error": error, "cause": cause, "states": states}
        if status == "SUCCEEDED" and error is not MISSING:
            raise UsageError("an execution with an error has not SUCCEEDED: give its status, too, as status='FAILED'")
        execution.check(status=status, **expected)
        return execution

    def _only_execution(self, arn: str) -> str:
        __tracebackhide__ = True
        if ":stateMachine:" not in arn:
            return arn
        machine = arn.partition("#")[0]
        found = self._server.call("ListExecutions", {"stateMachineArn": machine})["executions"]
        if len(found) != 1:
            names = ", ".join(each["executionArn"] for each in found) or "none"
            raise AssertionError(f"{machine} has {len(found)} executions, not one: {names}; give the ARN of one")
        return str(found[0]["executionArn"])

    def _events(self, arn: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        page: dict[str, Any] = {"executionArn": arn, "maxResults": 1000}
        while True:
            answer = self._server.call("GetExecutionHistory", page)
            events += answer["events"]
            if "nextToken" not in answer:
                return events
            page["nextToken"] = answer["nextToken"]
