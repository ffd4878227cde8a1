"""Mock configuration files of Step Functions Local."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl.scope import MISSING
from sfn_provider.engine import Mocks, load_mocks, simulate
from sfn_provider.engine.simulation.mock_files import load_test_cases, mocks_of_configuration
from sfn_provider.exceptions import UsageError
from tests.fixtures.machines.engine import group, one, outcome, returns, task, throws

CONFIG: dict[str, Any] = {
    "StateMachines": {
        "Orders": {
            "TestCases": {
                "happy": {"Charge": "Paid"},
                "flaky": {"Charge": "DeclinedTwice", "Ship": "Sent"},
                "silent": {},
            }
        },
        "Returns": {"TestCases": {"happy": {"Charge": "Sent"}, "lonely": {"Ship": "Sent"}}},
    },
    "MockedResponses": {
        "Paid": {"0": {"Return": {"paid": True}}},
        "DeclinedTwice": {
            "0-1": {"Throw": {"Error": "Declined", "Cause": "no funds"}},
            "2": {"Return": {"paid": True}},
        },
        "Sent": {"0": {"Return": "sent"}},
    },
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, CONFIG)


def write(folder: Path, config: Any) -> Path:
    path = folder / "mocks.json"
    path.write_text(json.dumps(config))
    return path


def test_a_case_by_its_name(path: Path) -> None:
    mocks = load_mocks(f"{path}#flaky")
    assert mocks.answers == {
        "Charge": tuple([{"Throw": {"Error": "Declined", "Cause": "no funds"}}] * 2 + [{"Return": {"paid": True}}]),
        "Ship": ({"Return": "sent"},),
    }


def test_a_case_by_its_machine(path: Path) -> None:
    assert load_mocks(f"{path}#Returns/happy").answers == {"Charge": ({"Return": "sent"},)}
    assert load_mocks(f"{path}#Orders/happy").answers == {"Charge": ({"Return": {"paid": True}},)}


def test_a_case_without_answers(path: Path) -> None:
    assert load_mocks(f"{path}#silent").answers == {}


def test_the_only_case_needs_no_name(tmp_path: Path) -> None:
    config = {**CONFIG, "StateMachines": {"Orders": {"TestCases": {"only": {"Charge": "Paid"}}}}}
    assert load_mocks(str(write(tmp_path, config))).answers == {"Charge": ({"Return": {"paid": True}},)}


def test_a_case_runs(path: Path) -> None:
    machine = group({"Charge": task(Retry=[{"ErrorEquals": ["Declined"]}], Next="Ship"), "Ship": task()})
    execution = simulate(machine, {}, mocks=load_mocks(f"{path}#flaky"))
    assert outcome(execution) == ("SUCCEEDED", "sent")


def test_a_case_that_runs_out_repeats_its_last_answer(path: Path) -> None:
    machine = group(
        {
            "Ship": task(Next="Again"),
            "Again": {"Type": "Pass", "Next": "Choose"},
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$", "StringEquals": "sent", "Next": "Ship2"}],
                "Default": "Ship",
            },
            "Ship2": task(),
        }
    )
    mocks = Mocks.from_mapping({**load_mocks(f"{path}#lonely").answers, "Ship2": returns("done")})
    assert simulate(machine, {}, mocks=mocks).output == "done"


def test_objects_stand_beside(tmp_path: Path) -> None:
    path = write(tmp_path, {**CONFIG, "Objects": {"s3://b/k": "text"}})
    assert load_mocks(f"{path}#flaky").objects == {"s3://b/k": "text"}


def test_what_a_configuration_holds_is_read_back(tmp_path: Path) -> None:
    mocks = Mocks.from_mapping({"A": returns(1, None) + throws("E"), "B b": returns([])}, {"s3://b/k": "x"})
    read = load_mocks(str(write(tmp_path, mocks.as_configuration())))
    assert (read.answers, read.objects) == (mocks.answers, mocks.objects)


def test_a_byte_order_mark_is_fine(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "Charge" in load_mocks(f"{path}#flaky").answers


def test_the_cases_of_a_file(path: Path) -> None:
    assert list(mocks_of_configuration(json.loads(path.read_text()), str(path))) == [
        "Orders/happy",
        "Orders/flaky",
        "Orders/silent",
        "Returns/happy",
        "Returns/lonely",
    ]


KEYS = {
    "single": ({"0": 0}, 1),
    "range": ({"0-3": 0}, 4),
    "range of one": ({"0-0": 0}, 1),
    "out of order": ({"2": 2, "0-1": 0}, 3),
    "many digits": ({"0-9": 0, "10-11": 1}, 12),
}


@pytest.mark.parametrize(("keys", "count"), KEYS.values(), ids=KEYS)
def test_keys(tmp_path: Path, keys: dict[str, int], count: int) -> None:
    config = {
        "StateMachines": {"M": {"TestCases": {"c": {"State": "r"}}}},
        "MockedResponses": {"r": {key: {"Return": value} for key, value in keys.items()}},
    }
    answers = load_mocks(f"{write(tmp_path, config)}#c").answers["State"]
    assert len(answers) == count
    assert answers[-1] == {"Return": max(keys.values())}


def changed(**fields: Any) -> dict[str, Any]:
    return {**CONFIG, **fields}


def responding(response: Any, **more: Any) -> dict[str, Any]:
    machines = {"M": {"TestCases": {"c": {"State": "r"}}}}
    return {"StateMachines": machines, "MockedResponses": {"r": response}, **more}


KEYS = 'keys are calls, as "0" or "1-3", up to 99999'
FORM = 'must be {"Return": <json>} or {"Throw": {"Error": <text>, "Cause": <text>}}'
SHAPE = 'not a mock configuration file: it needs "StateMachines" and "MockedResponses"'
LISTED = "Orders/flaky, Orders/happy, Orders/silent, Returns/happy, Returns/lonely"


@dataclass(frozen=True)
class Refused:
    config: Any
    message: str
    case: str = field(default="#c")
    named: bool = field(default=True)


WRONG_OBJECTS = (
    '"Objects" must be an object of s3://bucket/key and the text that stands there, or {"Path": <a file, from the '
    "folder of this one>}; for one case: Machine/Case and such an object"
)
REFUSED = {
    "list": Refused([], SHAPE),
    "other file": Refused({"StartAt": "A"}, SHAPE),
    "machines that are a list": Refused(changed(StateMachines=[]), SHAPE),
    "no such case": Refused(CONFIG, f"has no test case 'c'; it has {LISTED}"),
    "no such case of a machine": Refused(
        CONFIG, f"has no test case 'Orders/lonely'; it has {LISTED}", "#Orders/lonely"
    ),
    "several cases": Refused(CONFIG, f"has several test cases; name one after '#'; it has {LISTED}", ""),
    "no cases": Refused(changed(StateMachines={}), "has no test case 'c'; it has none"),
    "ambiguous": Refused(CONFIG, f"more than one machine has a test case 'happy'; write one of {LISTED}", "#happy"),
    "case that is a list": Refused(
        changed(StateMachines={"M": {"TestCases": {"c": []}}}),
        "test case 'c' must be an object of state names and names of mocked responses",
    ),
    "no responses": Refused(
        {"StateMachines": {"M": {"TestCases": {"c": {"State": "r"}}}}},
        "state 'State' names the mocked response 'r', which is not in MockedResponses",
    ),
    "unknown response": Refused(
        changed(StateMachines={"M": {"TestCases": {"c": {"State": "Nope"}}}}),
        "state 'State' names the mocked response 'Nope', which is not in MockedResponses",
    ),
    "response without a name": Refused(
        changed(StateMachines={"M": {"TestCases": {"c": {"State": 5}}}}),
        "state 'State' names the mocked response 5, which is not in MockedResponses",
    ),
    "empty response": Refused(
        responding({}), "state 'State' names the mocked response 'r', which is not in MockedResponses"
    ),
    "gap": Refused(responding({"0": {"Return": 1}, "2": {"Return": 1}}), "mocked response 'r' has no entry for call 1"),
    "no first": Refused(responding({"1-3": {"Return": 1}}), "mocked response 'r' has no entry for call 0"),
    "key": Refused(
        responding({"first": {"Return": 1}}),
        f"mocked response 'r' has the key 'first'; {KEYS}",
    ),
    "backwards": Refused(
        responding({"3-1": {"Return": 1}}),
        f"mocked response 'r' has the key '3-1'; {KEYS}",
    ),
    "negative": Refused(
        responding({"-1": {"Return": 1}}),
        f"mocked response 'r' has the key '-1'; {KEYS}",
    ),
    "entry": Refused(responding({"0": {"Returns": 1}}), f"entry 0 of the mock of state 'State' {FORM}", named=False),
    "objects": Refused(
        responding({"0": {"Return": 1}}, Objects=["s3://b/k"]),
        WRONG_OBJECTS,
    ),
    "object": Refused(responding({"0": {"Return": 1}}, Objects={"s3://b/k": {"Path": 5}}), WRONG_OBJECTS),
}


def test_an_object_may_be_a_file_beside_the_mock_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, responding({"0": {"Return": 1}}, Objects={"s3://b/k": {"Path": "items.json"}, "s3://b/l": "x"})
    )
    assert dict(load_mocks(f"{path}#c").objects) == {"s3://b/k": path.parent / "items.json", "s3://b/l": "x"}


def test_a_case_has_its_input_and_its_own_objects(tmp_path: Path) -> None:
    own = {"s3://b/k": "own", "s3://b/more": "more"}
    inputs = {"Orders/happy": {"id": 1}, "Returns/happy": None}
    path = write(tmp_path, CONFIG | {"Objects": {"s3://b/k": "shared", "Orders/happy": own}, "Inputs": inputs})
    mocks = load_mocks(f"{path}#Orders/happy")
    assert (mocks.input, dict(mocks.objects)) == ({"id": 1}, own)
    assert mocks.fresh().input == {"id": 1}
    mocks = load_mocks(f"{path}#Returns/happy")
    assert (mocks.input, dict(mocks.objects)) == (None, {"s3://b/k": "shared"})
    assert load_mocks(f"{path}#lonely").input is MISSING


def test_all_cases_of_a_configuration_that_is_no_file() -> None:
    found = mocks_of_configuration(CONFIG | {"Inputs": {"Returns/lonely": 5}}, "these")
    assert list(found) == ["Orders/happy", "Orders/flaky", "Orders/silent", "Returns/happy", "Returns/lonely"]
    assert found["Returns/lonely"].input == 5


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, case: Refused) -> None:
    path = write(tmp_path, case.config)
    with pytest.raises(UsageError) as raised:
        load_mocks(f"{path}{case.case}")
    assert str(raised.value) == (f"{path}: {case.message}" if case.named else case.message)


UNREADABLE = {
    "no JSON": (b'{"a": }', "not JSON: Expecting value at line 1, column 7"),
    "no text": (b'{"a": "\xff"}', "not UTF-8 text (byte 7); it should hold a mock configuration"),
    "nothing": (b"", "not JSON: Expecting value at line 1, column 1"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mocks.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        load_mocks(f"{path}#c")
    assert str(raised.value) == f"{path}: {message}"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json: there is no such file"):
        load_mocks(f"{tmp_path / 'none.json'}#c")


def test_a_file_without_cases(tmp_path: Path) -> None:
    path = write(tmp_path, {**CONFIG, "StateMachines": {"M": {}}})
    with pytest.raises(UsageError, match="the mock file has no test cases"):
        load_test_cases(str(path))


def test_an_unused_mock_is_no_error(path: Path) -> None:
    mocks = load_mocks(f"{path}#flaky")
    ends = [{"StartAt": state, "States": {state: {"Type": "Succeed"}}} for state in mocks.answers]
    machine = one({"Type": "Parallel", "Branches": ends, "OutputPath": "$[0]"})
    assert simulate(machine, 1, mocks=mocks).output == 1


def with_object(folder: Path, path: str) -> str:
    file = folder / "mocks" / "m.json"
    file.parent.mkdir()
    config = {"StateMachines": {"M": {"TestCases": {"C": {}}}}, "Objects": {"s3://b/k": {"Path": path}}}
    file.write_text(json.dumps(config))
    return f"{file}#C"


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "link", "a/../../secret.csv"])
def test_an_object_outside_of_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    reference = with_object(tmp_path, path)
    (tmp_path / "secret.csv").write_text("x")
    (tmp_path / "mocks" / "link").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(UsageError, match=r"is outside of the folder of the mock file.*set SFN_PROVIDER_MOCK_OBJECTS"):
        load_mocks(reference)


def test_an_object_outside_of_the_folder_may_be_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.csv").write_text("x")
    monkeypatch.setenv("SFN_PROVIDER_MOCK_OBJECTS", str(tmp_path))
    assert load_mocks(with_object(tmp_path, "../data.csv")).as_configuration()["Objects"]


def test_an_object_that_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFN_PROVIDER_MOCK_OBJECTS", "/dev")
    with pytest.raises(UsageError, match="the Path '/dev/zero' of an object is no file"):
        load_mocks(with_object(tmp_path, "/dev/zero"))


@pytest.mark.parametrize("key", ["0-9999999999", "9999999999", "9" * 5_000, "0-" + "9" * 5_000])
def test_a_key_of_more_calls_than_anybody_makes(tmp_path: Path, key: str) -> None:
    file = tmp_path / "m.json"
    config = {
        "StateMachines": {"M": {"TestCases": {"C": {"A": "R"}}}},
        "MockedResponses": {"R": {key: {"Return": 1}}},
    }
    file.write_text(json.dumps(config))
    with pytest.raises(UsageError, match=r'keys are calls, as "0" or "1-3", up to 99999'):
        load_mocks(f"{file}#C")
