"""Compares any DAG with a state machine by the calls that AWS would see, and the outcome."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from sfn_provider.asl.document import Definition, Document, open_machine
from sfn_provider.asl.model import ExecutionType, StateMachine
from sfn_provider.asl.placeholders import substitute
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.airflow.dag_execution import read_outcome
from sfn_provider.compare.airflow.intercepted_dag_file import run_with_caught_calls
from sfn_provider.compare.airflow.runner import DagRunResult
from sfn_provider.compare.calls.call_findings import CallFinding, DagSide, TaskRun, find_differences_of_calls
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.machine_calls import MachineRun, run_machine
from sfn_provider.compare.calls.matching import CallPair, match_calls
from sfn_provider.compare.calls.parameters.comparison import VerdictKind
from sfn_provider.compare.calls.uncaught_errors import add_uncaught_errors
from sfn_provider.compare.diff.run_specific_values import mask_execution_name
from sfn_provider.compare.diff.state_comparison import StateComparison, compare_outcomes, compare_states
from sfn_provider.compare.machine_analysis.coverage import Coverage, CoverageObserver, missing_input
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.simulation.mock_files import load_test_cases, mocks_of_configuration, shorten_names
from sfn_provider.engine.simulation.simulator import NAME
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.names import permitted_name

_READER = '''"""Reads a DAG file where it stands: an Airflow dag. {digest}"""
__file__ = {path!r}
with open(__file__, encoding="utf-8") as _file:
    exec(compile(_file.read(), __file__, "exec"))
'''
"""A DAG file that reads another one, so that this one finds what is beside it."""


@dataclass(frozen=True)
class CaseComparison:
    """One case on both sides.

    Args:
        name: the case.
        execution: the execution of the machine.
        dag: the run of the DAG.
        calls: the calls of both sides: those of states, and what else the DAG changes.
        findings: what differs.
        seconds: wall time of the DAG run.
        assumed: params of the DAG that got the value of a task's result, in a made case.
        states: the states side by side, where all tasks of the DAG are this package's; None where they are not.
        coverage: what the execution has reached of the machine; None where that was not looked at.
        missing_input: the path that the first state reads and the input lacks, where the execution ended for that.
    """

    name: str
    execution: Execution
    dag: DagSide
    calls: tuple[CallPair, ...]
    findings: tuple[CallFinding, ...]
    seconds: float
    assumed: tuple[str, ...] = ()
    states: tuple[StateComparison, ...] | None = None
    coverage: Coverage | None = None
    missing_input: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether AWS would see the same, and both end alike."""
        return not self.findings

    def notes(self, kind: VerdictKind) -> dict[tuple[str | None, str, str, str], str]:
        """Return the differences that do not count, in sentences, by what they are about.

        Args:
            kind: ``equal``: the same by a rule; ``addition``: an operator's own; ``run_specific``: a value that differs
                between any two runs.
        """
        return {
            (pair.actual.task_id, str(pair.actual.call), verdict.location, verdict.why): (
                f"Task {pair.actual.task_id}, {pair.actual.call}: {verdict}."
            )
            for pair in self.calls
            if pair.actual is not None
            for verdict in pair.verdicts
            if verdict.kind == kind
        }


@dataclass(frozen=True)
class DagComparison:
    """A DAG and a state machine, in all cases.

    Args:
        dag_file: the DAG file.
        cases: the cases.
    """

    dag_file: str
    cases: tuple[CaseComparison, ...]

    @property
    def agrees(self) -> bool:
        """Whether both do the same in all cases, and there is one in which something ran."""
        return self.has_run and all(case.agrees for case in self.cases)

    @property
    def has_run(self) -> bool:
        """Whether there is a case in which something ran after the first state."""
        return any(case.missing_input is None for case in self.cases)

    @property
    def findings(self) -> tuple[CallFinding, ...]:
        """What differs; what several cases show, once."""
        found = {finding.key: finding for case in reversed(self.cases) for finding in reversed(case.findings)}
        return tuple(reversed(found.values()))

    def notes(self, kind: VerdictKind) -> tuple[str, ...]:
        """Return the differences that do not count; as for a case, what several cases show, once."""
        found = {key: text for case in reversed(self.cases) for key, text in reversed(case.notes(kind).items())}
        return tuple(reversed(found.values()))

    @property
    def coverage(self) -> Coverage | None:
        """What the executions of all cases have reached of the machine; None without a case."""
        found = [case.coverage for case in self.cases if case.coverage is not None]
        return reduce(or_, found) if found else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cases in which nothing was compared, in sentences."""
        return tuple(
            f"Case {case.name}: nothing ran, as the input lacks {case.missing_input}."
            for case in self.cases
            if case.missing_input is not None
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What made cases assume, in sentences."""
        names = dict.fromkeys(name for case in self.cases for name in case.assumed)
        return tuple(f"The param {name} of the DAG is what a task of the machine returns as {name}." for name in names)

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        count, differing = len(self.cases), sum(not case.agrees for case in self.cases)
        if differing:
            return f"AWS sees something else of the DAG than of the state machine in {differing} of {count} cases."
        if not self.has_run:
            return "Nothing was compared."
        many = f"all {count} cases, which reach" if count > 1 else "the one case, which reaches"
        reached = self.coverage.states_text if self.coverage is not None else "no state"
        return f"AWS sees the same of the DAG and of the state machine in {many} {reached}."

    @property
    def additions(self) -> tuple[str, ...]:
        """What operators send of their own, in sentences."""
        return self.notes("addition")


def compare_dag(
    definition: str | dict[str, Any],
    dag_file: str | Path,
    *,
    dag_id: str | None = None,
    cases: Mapping[str, Any] | str | Path | None = None,
    input: Json = None,
    substitutions: Mapping[str, str] | None = None,
    execution_type: ExecutionType = "STANDARD",
) -> DagComparison:
    """Compare any DAG with a state machine, by the calls that AWS would see.

    The engine runs the machine, a private Airflow the DAG file, both with the mocks of each case. Calls of boto3 and
    aiobotocore are answered below hooks and operators; nothing leaves the machine, and nothing waits.

    Args:
        definition: the definition, as text or as an object.
        dag_file: the DAG file; it may import what is beside it.
        dag_id: the DAG in it; None for the only one.
        cases: a mock configuration file, as an object or its path, with ``#CASE`` for one case of it; None makes cases
            that reach everything in the machine.
        input: the execution's input in cases that have none of their own; None for an empty object. Without ``cases``
            the answers of tasks are made for it, in one case; None then makes cases of all inputs.
        substitutions: values for ``${Name}`` in the definition, by name. A Resource without one is taken for the ARN of
            a Lambda function.
        execution_type: ``STANDARD`` or ``EXPRESS``: the type of the state machine.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where the file, the DAG, the cases or a substitution cannot be used.
        AirflowRunFailed: where Airflow itself fails, or the DAG file does not import.
    """
    document = Document.open(substitute(definition, substitutions or {}), execution_type)
    found = make_mocks(document, input) if cases is None else load_cases(cases)
    compared = compare_cases(
        document, dag_file, found, dag_id=dag_id, input=input, made=cases is None, execution_type=execution_type
    )
    return DagComparison(str(dag_file), tuple(compared))


def make_mocks(definition: Definition, input: Json = None) -> dict[str, Mocks]:
    """Make cases that reach everything in a machine, and fail each task by an error that nothing takes, by name.

    Args:
        definition: its document, or its model.
        input: an input, for which one case is made in which tasks succeed; None for all.
    """
    from sfn_provider.compare.cases.made_cases import find_cases, made_mocks, mocks_for_input  # needs networkx

    if input is not None:
        return {"input": mocks_for_input(definition, input)}
    return add_uncaught_errors(open_machine(definition), made_mocks(find_cases(definition)))


def load_cases(cases: Mapping[str, Any] | str | Path) -> dict[str, Mocks]:
    """Return the mocks of a mock configuration file by the names of the cases; see `compare_dag`.

    Raises:
        UsageError: where it cannot be read, is malformed, or has no such case.
    """
    if isinstance(cases, Mapping):
        return shorten_names(mocks_of_configuration(dict(cases), "the cases"))
    return load_test_cases(str(cases))


def compare_cases(
    definition: Definition,
    dag_file: str | Path,
    cases: Mapping[str, Mocks],
    *,
    dag_id: str | None = None,
    input: Json = None,
    made: bool = False,
    execution_type: ExecutionType = "STANDARD",
    python: str | None = None,
) -> Iterator[CaseComparison]:
    """Compare case by case, as `compare_dag` does.

    Args:
        definition: the machine's document, or its model.
        dag_file: the DAG file.
        cases: mocks by the name of their case.
        dag_id: the DAG in the file; None for the only one.
        input: the input of cases that have none of their own; None for an empty object.
        made: whether the cases were made for the machine: what the DAG takes from a param, and the machine from a
            task's result, is then the same value.
        execution_type: ``STANDARD`` or ``EXPRESS``: the type of the state machine; a document has its own.
        python: the interpreter whose Airflow runs the DAG; None for that of this process.

    Raises:
        UsageError: where the file, the DAG or the cases cannot be used.
        AirflowRunFailed: where Airflow itself fails, or the DAG file does not import.
    """
    machine = open_machine(definition)
    if isinstance(definition, Document):
        execution_type = definition.execution_type
    path = Path(dag_file).resolve()
    source = read_dag_file(path)
    parts = MachineParts(machine)
    for name, mocks in cases.items():
        case_input = mocks.input if mocks.input is not MISSING else {} if input is None else input
        observer = CoverageObserver(parts)
        run = run_machine(
            machine,
            case_input,
            mocks.fresh(),
            dag_id or path.stem,
            execution_type=execution_type,
            observer=observer,
        )
        result = run_with_caught_calls(
            source,
            dag_id,
            run,
            case_input,
            mocks,
            folders=_import_folders(path),
            defaults=_results(run) if made else None,
            python=python,
        )
        states, outcome = _compare_states(machine, case_input, mocks, result, execution_type)
        lacks = missing_input(machine, case_input, run.execution)
        compared = _compare_case(name, run, result, states, outcome)
        yield replace(compared, coverage=observer.coverage, missing_input=lacks)


def _results(run: MachineRun) -> dict[str, Json]:
    """The members that tasks return, by their names; of several the first."""
    returned = [call.answer["Return"] for call in run.calls if call.answer is not None and "Return" in call.answer]
    found: dict[str, Json] = {}
    for result in returned:
        found = {**result, **found} if isinstance(result, dict) else found
    return found


def read_dag_file(path: Path) -> str:
    """Return the text of a DAG file that reads another one.

    Raises:
        UsageError: where it cannot be read.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: cannot read the DAG file: {error.strerror or error}") from error
    return _READER.format(path=str(path), digest=digest)


def _compare_states(
    machine: StateMachine, input: Json, mocks: Mocks, result: DagRunResult, execution_type: ExecutionType
) -> tuple[tuple[StateComparison, ...] | None, tuple[str, ...]]:
    """Compare state by state, and the outcomes, where all tasks are this package's; None where they are not."""
    caught = result.caught or {}
    if not caught["has_only_states"]:
        return None, ()
    actual = read_outcome(result)
    # With the same name, what a machine makes of it, such as the Base64 of a task token, is the same.
    expected = simulate(
        machine,
        input,
        mocks=mocks.fresh(),
        execution_type=execution_type,
        name=actual.name,
        seed=NAME,
        machine_name=permitted_name(caught["dag_id"]),
    )
    one, other = mask_execution_name(expected), mask_execution_name(actual)
    return tuple(compare_states(one, other)), tuple(compare_outcomes(one, other))


def _state_findings(states: Iterable[StateComparison]) -> Iterator[CallFinding]:
    for state in states:
        for difference in state.differences:
            text = f"State {state.state} differs: {difference}."
            yield CallFinding("different state", state.state, None, None, text)


def _outcome_findings(outcome: Iterable[str]) -> Iterator[CallFinding]:
    text = "; ".join(outcome)
    if text:
        yield CallFinding("different failure", None, None, None, f"The ends differ: {text}.")


def _compare_case(
    name: str,
    run: MachineRun,
    result: DagRunResult,
    states: tuple[StateComparison, ...] | None,
    outcome: tuple[str, ...],
) -> CaseComparison:
    dag = _dag_side(result)
    pairs = match_calls(run.calls, dag.calls, [state.state for state in run.states])
    findings = [*find_differences_of_calls(run, dag, pairs), *_state_findings(states or ())]
    if states is not None:  # the outcomes were compared; a task of several states fails in one that may not have called
        findings = [finding for finding in findings if finding.kind != "different failure"]
    if not any(finding.kind in ("different outcome", "different failure") for finding in findings):
        findings += _outcome_findings(outcome)
    assumed = tuple((result.caught or {}).get("assumed", ()))
    return CaseComparison(name, run.execution, dag, tuple(pairs), tuple(findings), result.seconds, assumed, states)


def _dag_side(result: DagRunResult) -> DagSide:
    caught = result.caught or {}
    errors = {(entry["task_id"], entry["map_index"]): entry["error"] for entry in caught["failures"]}
    tasks = [
        TaskRun(
            task["task_id"],
            task["map_index"],
            task["state"],
            errors.get((task["task_id"], task["map_index"])) if task["state"] == "failed" else None,
        )
        for task in sorted(result.tasks, key=lambda task: (task["started"] or 0.0, task["task_id"]))
    ]
    calls = tuple(CaughtCall.from_json(call) for call in caught["calls"])
    return DagSide(result.state, tuple(tasks), calls, caught["upstream"], tuple(caught["refused"]))


def _import_folders(path: Path) -> list[str]:
    """Where a DAG file's imports are: its folder, and the folder of DAGs that the environment names."""
    configured = os.environ.get("AIRFLOW__CORE__DAGS_FOLDER")
    return list(dict.fromkeys([str(path.parent), *([str(Path(configured).resolve())] if configured else [])]))
