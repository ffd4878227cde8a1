"""Secrets and control characters in texts that are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from sfn_provider import _compat
from sfn_provider.driving.template_types import as_text, as_texts, parse_bool
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.aws_errors import denial_message
from sfn_provider.executions.failed_items import failed_child_item
from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.executions.json_input import encode_input
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed, build_failure, build_sync_failure
from sfn_provider.secret_masking import excerpt, mask_secrets, mask_value, masked_line, one_line, quote

SECRET = "s3cr3t-of-the-shop"
FORGED = "late\n[2025-03-15] INFO - all is well\x1b[2J"
ARN = "arn:aws:states:eu-west-1:123456789012:execution:Sales:one"


@pytest.fixture(autouse=True)
def _known_secret() -> Iterator[None]:
    """Make a secret known to the masker, as reading a connection or a Variable does."""
    masker: Any = import_module(_compat.redact.__module__)._secrets_masker()
    before = masker.patterns, masker.replacer
    masker.patterns, masker.replacer = set(masker.patterns), masker.replacer
    masker.add_mask(SECRET)
    if SECRET not in "".join(masker.patterns):  # Airflow 2.10 and 3.0 do not add masks in tests
        masker.replacer = re.compile(re.escape(SECRET))
    yield
    masker.patterns, masker.replacer = before


@dataclass(frozen=True)
class Case:
    """A text, and what is shown of it."""

    id: str
    text: str
    shown: str


def nested(depth: int) -> Any:
    """A password that many objects enclose."""
    return {"inside": nested(depth - 1)} if depth else {"password": SECRET[:9]}


CASES = [
    Case("a known secret", f"Bearer {SECRET}!", "Bearer ***!"),
    Case("a sensitive key", '{"password": "x", "day": 1}', '{"password": "***", "day": 1}'),
    Case("in a list", '[{"api_key": "x"}]', '[{"api_key": "***"}]'),
    Case(
        "all below a sensitive key",
        '{"token": {"id": "x", "list": ["y"]}}',
        '{"token": {"id": "***", "list": ["***"]}}',
    ),
    Case("deep", json.dumps(nested(20)), json.dumps(nested(20)).replace(SECRET[:9], "***")),
    Case("JSON in JSON", json.dumps({"body": '{"token": "x"}'}), json.dumps({"body": '{"token": "***"}'})),
    Case("variables", '[{"Name": "DB_PASSWORD", "Value": "x"}]', '[{"Name": "DB_PASSWORD", "Value": "***"}]'),
    Case("escaped in JSON", json.dumps({"a": f'"{SECRET}"'}), json.dumps({"a": '"***"'})),
    Case("none", '{"day":1,  "shop":"Aachen"}', '{"day":1,  "shop":"Aachen"}'),
    Case("cut JSON", '{"n": 1, "password": "x', '{"n": 1, "password": "***'),
    Case("wrong JSON", '{"password": "x", }', '{"password": "***", }'),
    Case("a Python dict", "{'password': 'x', 'n': '1'}", "{'password': '***', 'n': '1'}"),
    Case("in a text", 'it said: {"password": "x"}!', 'it said: {"password": "***"}!'),
    Case("a text of JSON", json.dumps('{"password": "x"}'), json.dumps('{"password": "***"}')),
    Case("a key", json.dumps({SECRET: {"n": 1}}), '{"***": {"n": 1}}'),
    Case("a number", '{"pin_token": 4711, "count": 1}', '{"pin_token": "***", "count": 1}'),
    Case(
        "numbers below a sensitive key", '{"tokens": [1, {"n": 2.5}, true]}', '{"tokens": ["***", {"n": "***"}, true]}'
    ),
    Case("a number in a cut text", 'it: {"token": -4.5e3, "n": 1', 'it: {"token": ***, "n": 1'),
    Case("JSON in a text", 'it said: {"token": ["x"], "n":  1} [1]', 'it said: {"token": ["***"], "n": 1} [1]'),
    Case("variables in a text", 'A [{"name": "TOKEN", "value": "x"}]', 'A [{"name": "TOKEN", "value": "***"}]'),
    Case("behind braces", 'a {b} {{"token": ["x"]}}', 'a {b} {{"token": ["***"]}}'),
    Case(
        "a text in JSON, as Lambda's causes have it",
        json.dumps({"errorMessage": 'bad event {"password": "x"}'}),
        json.dumps({"errorMessage": 'bad event {"password": "***"}'}),
    ),
    Case(
        "escaped in a text", r"said {\"token\": \"x \\\" y\", \"n\": \"1\"", r"said {\"token\": \"***\", \"n\": \"1\""
    ),
    Case("no key", "it's fine: 'ok'", "it's fine: 'ok'"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_secrets_are_masked_by_value_and_by_key(case: Case) -> None:
    assert mask_secrets(case.text) == case.shown


def test_a_value_too_deep_for_the_masker_is_masked_whole() -> None:
    deep = json.loads("[" * 150 + '"x"' + "]" * 150)
    assert str(mask_value(deep)) == "[" * 100 + "'***'" + "]" * 100
    assert mask_secrets("[" * 100_000) == "[" * 100_000  # no JSON


def test_secrets_are_masked_before_a_text_is_cut() -> None:
    assert excerpt("." * 290 + SECRET, 300) == "." * 290 + "***"
    assert excerpt(json.dumps({"pad": "." * 270, "password": "x" * 40}), 300).endswith('", "password": "***"}')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich, 20 °C ✓", "Zürich, 20 °C ✓"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("\u202eabc", r"\u202eabc"),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_quoted_value_shows_no_secret() -> None:
    assert quote({"password": "x"}) == "{'password': '***'}"
    assert quote(f"a {SECRET}\n") == r"'a ***\n'"
    assert quote(7) == "7"
    assert quote({SECRET: {"pin": SECRET}}, 11) == "{'***': ..."


DETAILS = {
    "error": "Shop.Bad",
    "cause": json.dumps({"password": "hunter2", "log": f"{SECRET} {FORGED}"}),
    "input": json.dumps({"password": "hunter2", "pad": "." * 260, "last": SECRET}),
}
ENDED = {"executionArn": ARN, "status": "FAILED", **DETAILS}
EVENTS = [
    {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": FORGED, "input": DETAILS["input"]}},
    {"type": "TaskFailed", "taskFailedEventDetails": DETAILS},
    {"type": "ExecutionFailed", "executionFailedEventDetails": DETAILS},
]
HISTORY = [
    {"id": number, "previousEventId": number - 1, "timestamp": datetime.now(UTC), **event}
    for number, event in enumerate(EVENTS, 1)
]


def usage_error(call: Callable[[], object]) -> str:
    """The message of what a call raises."""
    with pytest.raises(UsageError) as raised:
        call()
    return str(raised.value)


QUOTING: dict[str, Callable[[], str]] = {
    "failure": lambda: str(build_failure(ENDED, HISTORY, note=f"Its items could not be read: {FORGED}")),
    "failed item": lambda: str(failed_child_item(ENDED)),
    "express failure": lambda: str(build_sync_failure(ENDED, "no history")),
    "opening": lambda: str(StepFunctionExecutionFailed(build_failure(ENDED, []), FORGED)),
    "history": lambda: "".join(HistoryLog().lines({"events": HISTORY})),
    "text that is no JSON": lambda: usage_error(lambda: encode_input(f"{SECRET}\n{FORGED}")),
    "value that is no JSON": lambda: usage_error(lambda: encode_input({"a": {SECRET}})),
    "no boolean": lambda: usage_error(lambda: parse_bool({"password": "hunter2"}, "field")),
    "no text": lambda: usage_error(lambda: as_text({"password": "hunter2"}, "name")),
    "no dict": lambda: usage_error(lambda: as_texts(f"{SECRET}{FORGED}", "tags")),
    "error": lambda: masked_line(ValueError(f"{SECRET} {FORGED}")),
    "missing permission": lambda: denial_message(ValueError(f"{SECRET} {FORGED}")),
}


@pytest.mark.parametrize("name", QUOTING)
def test_what_quotes_data_shows_no_secret_and_no_forged_line(name: str) -> None:
    text = QUOTING[name]()
    assert SECRET[:9] not in text
    assert "hunter2" not in text
    assert "\n[2025" not in text
    assert "\x1b" not in text


def test_a_failure_keeps_its_lines() -> None:
    details = {"executionArn": ARN, "status": "FAILED", "error": "Shop.Bad", "cause": FORGED}
    assert str(build_failure(details, [], note="Its history could not be read: late\nhours")).splitlines() == [
        rf"Execution {ARN} ended as FAILED: Shop.Bad: late\n[2025-03-15] INFO - all is well\x1b[2J",
        r"Its history could not be read: late\nhours",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"secret": "hunter2"}',
        '{"secret": {"of": ["hunter2"]}}',
        json.dumps({"text": json.dumps({"secret": "hunter2"})}),
        'failed with {"secret": "hunter2"} and more',
    ],
)
def test_a_sensitive_key_that_is_a_known_secret_itself_hides_its_value(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    masker: Any = import_module(_compat.redact.__module__)._secrets_masker()
    monkeypatch.setattr(masker, "replacer", re.compile("secret"))
    assert "hunter2" not in mask_secrets(text)
    assert "hunter2" not in str(mask_value({"output": text}))
