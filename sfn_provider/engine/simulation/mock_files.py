"""Reads mock configuration files of Step Functions Local.

Their format is at https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html; ``Objects``,
``Inputs`` and ``Recorded`` at the top of a file are extensions.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sfn_provider.asl.scope import MISSING
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.recorded_results import RecordedResults
from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import read_json_file

OBJECTS_VARIABLE = "SFN_PROVIDER_MOCK_OBJECTS"
"""The environment variable with a folder of which a mock file may name files as objects, beside its own."""

_MAX_LISTED = 20


def load_mocks(reference: str) -> Mocks:
    """Read a test case from a mock configuration file of Step Functions Local.

    Args:
        reference: ``path#TestCase``, or ``path#StateMachine/TestCase`` where two machines have a case of that name.

    Raises:
        UsageError: if the file cannot be read, is malformed, or has no such case.
    """
    path, _, case = reference.partition("#")
    config = read_json_file(path, "a mock configuration")
    found = _find_case(config, path, case)
    _check_extensions(config, path)
    return _mocks(config, path, *found)


def load_test_cases(reference: str) -> dict[str, Mocks]:
    """Read the test cases of a mock configuration file, in its order, by their names.

    A name has the state machine before it, ``StateMachine/TestCase``, where two machines have a case of that name.

    Args:
        reference: ``path`` for all, or one as `load_mocks` takes it.

    Raises:
        UsageError: if the file cannot be read, is malformed, or has no test case.
    """
    path, _, case = reference.partition("#")
    config = read_json_file(path, "a mock configuration")
    if case:
        return {case: load_mocks(reference)}
    found = mocks_of_configuration(config, path)
    if not found:
        raise UsageError(f"{path}: the mock file has no test cases")
    return shorten_names(found)


def mocks_of_configuration(config: dict[str, Any], origin: str) -> dict[str, Mocks]:
    """Return the mocks of all test cases of a mock configuration, by ``StateMachine/TestCase``.

    Args:
        config: what a mock configuration file has.
        origin: where it came from, for messages.

    Raises:
        UsageError: if it is malformed.
    """
    found = _cases(config, origin)
    _check_extensions(config, origin)
    return {f"{machine}/{name}": _mocks(config, origin, machine, name) for machine, name in found}


def shorten_names(cases: Mapping[str, Mocks]) -> dict[str, Mocks]:
    """Return mocks by ``TestCase`` in place of ``StateMachine/TestCase``, where only one machine has such a case."""
    short = {name: name.partition("/")[2] for name in cases}
    count = Counter(short.values())
    return {short[name] if count[short[name]] == 1 else name: mocks for name, mocks in cases.items()}


def _mocks(config: Any, path: str, machine: str, name: str) -> Mocks:
    states = config["StateMachines"][machine]["TestCases"][name]
    if not isinstance(states, dict):
        raise UsageError(f"{path}: test case {name!r} must be an object of state names and names of mocked responses")
    answers = {state: _responses(config, path, state, response) for state, response in states.items()}
    mocks = Mocks.from_mapping(answers, _objects(config, path, f"{machine}/{name}"))
    mocks.input = config.get("Inputs", {}).get(f"{machine}/{name}", MISSING)
    recorded = config.get("Recorded")
    try:
        mocks.recorded = RecordedResults.from_json(recorded) if recorded else None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f'{path}: "Recorded" is not what this package has written there: {error!r}') from error
    mocks.by_place = config.get("ByPlace", {})
    return mocks


def _objects(config: dict[str, Any], path: str, case: str) -> dict[str, str | Path]:
    """Return the objects of a case: those of all cases, and over them its own under its name."""
    objects = config.get("Objects", {})
    own = _objects_by_case(objects)
    found = {key: value for key, value in objects.items() if key not in own} | own.get(case, {})
    return {uri: _object(content, Path(path)) for uri, content in found.items()}


def _objects_by_case(objects: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in objects.items() if isinstance(value, dict) and not key.startswith("s3://")}


_WRONG_OBJECTS = (
    '{}: "Objects" must be an object of s3://bucket/key and the text that stands there, or {{"Path": <a file, from the '
    "folder of this one>}}; for one case: Machine/Case and such an object"
)


def _object(content: Any, path: Path) -> str | Path:
    if isinstance(content, dict) and content.keys() == {"Path"} and isinstance(content["Path"], str):
        return _object_file(path, content["Path"])
    if not isinstance(content, str):
        raise UsageError(_WRONG_OBJECTS.format(path))
    return content


def _object_file(path: Path, name: str) -> Path:
    """Return a file that stands for an object; one outside of the mock file's folder only where that was permitted."""
    if "\0" in name:
        raise UsageError(f"{path}: the Path {name!r} of an object is none")
    found = path.parent / name
    folders = [path.parent, *map(Path, filter(None, [os.environ.get(OBJECTS_VARIABLE)]))]
    if not any(found.resolve().is_relative_to(folder.resolve()) for folder in folders):
        raise UsageError(
            f"{path}: the Path {name!r} of an object is outside of the folder of the mock file; copy it there, or set "
            f"{OBJECTS_VARIABLE} to a folder that has it"
        )
    if found.exists() and not found.is_file():
        raise UsageError(f"{path}: the Path {name!r} of an object is no file")
    return found


def _check_extensions(config: dict[str, Any], path: str) -> None:
    """Check that Objects and Inputs are objects, and name cases that there are."""
    objects, inputs = config.get("Objects", {}), config.get("Inputs", {})
    if not isinstance(objects, dict):
        raise UsageError(_WRONG_OBJECTS.format(path))
    if not isinstance(inputs, dict):
        raise UsageError(f'{path}: "Inputs" must be an object of Machine/Case and the input of that case')
    _check_cases(config, path, "Objects", _objects_by_case(objects))
    _check_cases(config, path, "Inputs", inputs)


def _check_cases(config: Any, path: str, field: str, names: Iterable[str]) -> None:
    known = dict.fromkeys(f"{machine}/{name}" for machine, name in _cases(config, path))
    for name in names:
        if name not in known:
            near = closest_word(name, known)
            hint = f"; did you mean {near!r}?" if near else f"; it has {_listed(known)}"
            raise UsageError(f'{path}: "{field}" names {name!r}, which is no Machine/Case of the file{hint}')


def _cases(config: Any, path: str) -> list[tuple[str, str]]:
    machines = config.get("StateMachines") if isinstance(config, dict) else None
    if not isinstance(machines, dict):
        raise UsageError(f'{path}: not a mock configuration file: it needs "StateMachines" and "MockedResponses"')
    return [
        (machine, name)
        for machine, entry in machines.items()
        if isinstance(entry, dict) and isinstance(entry.get("TestCases"), dict)
        for name in entry["TestCases"]
    ]


def _find_case(config: Any, path: str, case: str) -> tuple[str, str]:
    known = _cases(config, path)
    found = [(machine, name) for machine, name in known if case in (name, f"{machine}/{name}")]
    if not case and len(known) == 1:
        return known[0]
    if len(found) == 1:
        return found[0]
    listed = _listed(sorted(f"{machine}/{name}" for machine, name in known))
    if found:
        raise UsageError(f"{path}: more than one machine has a test case {case!r}; write one of {listed}")
    problem = f"has no test case {case!r}" if case else "has several test cases; name one after '#'"
    raise UsageError(f"{path}: {problem}; it has {listed}")


def _listed(names: Collection[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join([*islice(names, _MAX_LISTED), *([f"and {more:,} more"] if more > 0 else [])]) or "none"


def _responses(config: Any, path: str, state: str, name: Any) -> list[Mapping[str, Any]]:
    responses = config.get("MockedResponses")
    entry = responses.get(name) if isinstance(responses, dict) and isinstance(name, str) else None
    if not isinstance(entry, dict) or not entry:
        raise UsageError(f"{path}: state {state!r} names the mocked response {name!r}, which is not in MockedResponses")
    by_call = {call: answer for key, answer in entry.items() for call in _calls(path, str(name), key)}
    missing = sorted(set(range(max(by_call) + 1)) - set(by_call))
    if missing:
        raise UsageError(f"{path}: mocked response {name!r} has no entry for call {missing[0]}")
    return [by_call[call] for call in sorted(by_call)]


def _calls(path: str, name: str, key: str) -> range:
    """Return the calls that a key such as ``0`` or ``1-3`` stands for."""
    first, _, last = key.partition("-")
    if all(part.isdecimal() and len(part) < 6 for part in (first, last or first)) and int(last or first) >= int(first):
        return range(int(first), int(last or first) + 1)
    raise UsageError(
        f'{path}: mocked response {name!r} has the key {key!r}; keys are calls, as "0" or "1-3", up to 99999'
    )
