"""The pages as users see them: who may see and answer what; hostile texts are texts, and nothing runs."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from sfn_provider._compat import LogRow, VariableRow, create_session
from sfn_provider.airflow_pages.answer_forms import EVENT, MAX_FORM_BYTES, AnswerForms
from sfn_provider.callbacks.airflow_database import list_waits
from sfn_provider.callbacks.task_tokens import TaskInstanceKey, TokenSigner
from sfn_provider.callbacks.wait_records import WaitRecord, describe, variable_key
from sfn_provider.callbacks.worker_requests import WorkerAnswer
from tests.airflow_pages.conftest import Browser, Response, StoredRun
from tests.fixtures.machines.definitions import END, choose, machine
from tests.fixtures.session.versions import AIRFLOW

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}{% raw %}"
NAME = HOSTILE[:80]
ASK = machine({NAME: choose("$.size", {"large": "Large"}, "Small"), "Large": END, "Small": END}, Comment=HOSTILE)


class Parsed(HTMLParser):
    """A page's elements with their attributes, and its text."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def run(run_machine: Callable[..., StoredRun]) -> StoredRun:
    """A run through a machine whose first state has a hostile name."""
    return run_machine("asked", ASK, {}, {"size": "large"})


@pytest.fixture
def wait(run: StoredRun) -> Iterator[WaitRecord]:
    """A wait of the run's task Large for an answer."""
    made = open_wait(run)
    yield made
    with create_session() as session:
        rows = session.query(VariableRow).filter(VariableRow.key.startswith("sfn_provider_"))
        rows.delete(synchronize_session=False)


def open_wait(run: StoredRun, **fields: Any) -> WaitRecord:
    waiter = TaskInstanceKey(run.dag_id, run.run_id, "Large", -1)
    token = TokenSigner("key").sign(waiter, str(fields))
    now = time.time()
    wait = WaitRecord(TokenSigner("key").verify(token).id, waiter, now + 600, beat=now, state=NAME, since=now)
    wait = replace(wait, **fields)
    write(wait)
    set_task_state(run, "deferred")
    return wait


def write(wait: WaitRecord) -> None:
    with create_session() as session:
        session.add(VariableRow(key=variable_key(wait.id), val=wait.to_text(), description=describe(wait)))


def set_task_state(run: StoredRun, state: str | None) -> None:
    from sfn_provider._compat import TaskInstanceRow

    with create_session() as session:
        rows = session.query(TaskInstanceRow).filter_by(dag_id=run.dag_id, run_id=run.run_id, task_id="Large")
        rows.one().state = state


def stored_answer(wait: WaitRecord) -> WorkerAnswer | None:
    with create_session() as session:
        row = session.query(VariableRow).filter(VariableRow.key == variable_key(wait.id)).one()
        return WaitRecord.from_text(str(row.get_val())).answer


def path_of(run: StoredRun) -> str:
    return f"dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}"


def fields_of(response: Response, action: str) -> dict[str, str]:
    """The fields of the form with which a page approves or rejects."""
    form = next(part for part in response.text.split("<form") if f'value="{action}"' in part)
    hidden = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    return dict(hidden) | {"action": action}


# Reading -------------------------------------------------------------------------------------------------------------


def test_the_page_of_a_run_shows_its_way(browser: Browser, run: StoredRun) -> None:
    response = browser.get(path_of(run), "bob")
    assert response.status == 200
    page = Parsed(response)
    classes = [attributes.get("class") for attributes in page.all("g")]
    # Each graph: the Choice and Large ran, Small did not.
    assert (classes.count("node ran"), classes.count("node idle")) == (4, 2)
    assert (classes.count("edge taken"), classes.count("edge open")) == (2, 2)
    assert NAME[:20] in page.text and "success" in page.text


def test_a_graph_of_too_many_edges_is_not_drawn(
    browser: Browser, run: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, drawn in ((2, True), (1, False)):
        monkeypatch.setattr("sfn_provider.airflow_pages.drawings.MAX_EDGES", most)
        for path in (f"dags/{run.dag_id}", path_of(run)):
            page = browser.get(path).text
            assert (page.count("<svg"), page.count("Too many edges")) == ((2, 0) if drawn else (0, 2))
            assert "run no state machine" not in page


def test_the_page_of_a_dag_leads_to_its_runs(browser: Browser, run: StoredRun) -> None:
    page = Parsed(browser.get(f"dags/{run.dag_id}"))
    assert [
        each["href"]
        for each in page.all("a")
        if run.run_id in str(each.get("href")).replace("%3A", ":").replace("%2B", "+")
    ]
    assert {"State machine", "DAG"} <= {each.get("aria-label", "").split(":")[0] for each in page.all("svg")}


def test_the_first_page_lists_translated_dags_that_the_user_may_read(browser: Browser, run: StoredRun) -> None:
    assert f'href="./dags/{run.dag_id}"' in browser.get("").text
    browser.refused.add(run.dag_id)
    assert run.dag_id not in browser.get("").text
    sent = browser.get(f"dag?dag_id={run.dag_id}")
    assert (sent.status, sent.headers["location"].rpartition("state-machines/")[2]) == (303, f"dags/{run.dag_id}")


def test_the_first_page_says_where_answers_are_waited_for(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    text = Parsed(browser.get("", "bob")).text
    assert f"{run.dag_id}: 1 answer" in text and "Large" not in text
    browser.refused.add(run.dag_id)
    assert "Waiting" not in browser.get("", "bob").text


def test_who_may_not_read_a_dag_sees_nothing_of_it(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    browser.refused |= {run.dag_id, "absent"}
    for path in (f"dags/{run.dag_id}", path_of(run), f"dags/{run.dag_id}/report", f"{path_of(run)}/executions/a"):
        refused, absent = browser.get(path), browser.get(path.replace(run.dag_id, "absent"))
        assert refused.status == absent.status and refused.status in (302, 403)
        assert "Large" not in refused.text and wait.id not in refused.text
        assert refused.text.replace(run.dag_id, "") == absent.text.replace("absent", "")


def test_the_graph_and_the_waits_are_for_those_who_may_read_task_instances(
    browser: Browser, run: StoredRun, wait: WaitRecord
) -> None:
    browser.refused_parts.add("TASK_INSTANCE")
    for path in (f"dags/{run.dag_id}", path_of(run), f"{path_of(run)}/executions/a"):
        response = browser.get(path)
        assert response.status in (302, 403) and "Large" not in response.text
    assert browser.get(f"dags/{run.dag_id}/report").status == 404  # not refused: there is none


def test_nobody_sees_a_page_without_a_login(browser: Browser, run: StoredRun) -> None:
    for path in ("", f"dags/{run.dag_id}", path_of(run), f"dags/{run.dag_id}/report"):
        response = browser.get(path, None)
        assert (
            response.status in (302, 401)
            and "Large" not in response.text
            and f'dags/{run.dag_id}"' not in response.text
        )


def test_what_there_is_not_is_not_found(browser: Browser, run: StoredRun) -> None:
    for path in (
        "dags/absent",
        f"dags/{run.dag_id}/runs/absent",
        f"dags/{run.dag_id}/report",
        f"{path_of(run)}/executions/a",
    ):
        assert browser.get(path).status == 404


def test_hostile_texts_are_texts_and_nothing_runs(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    for path in ("", f"dags/{run.dag_id}", path_of(run), f"dags/{run.dag_id}/runs/{quote('<script>', safe='')}"):
        response = browser.get(path)
        page = Parsed(response)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "img", "iframe", "object", "embed", "style"}
        assert not [
            name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"
        ]
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy and "frame-ancestors 'self'" in policy
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.skipif(AIRFLOW >= (3,), reason="version 3 shows tabs")
def test_the_menu_and_the_pages_lead_to_each_other(browser: Browser, run: StoredRun) -> None:
    assert 'href="/state-machines/"' in browser.request("GET", "/home", "ann", None, {}).text
    assert 'href="../../../../home"' in browser.get(path_of(run)).text


# Answering ------------------------------------------------------------------------------------------------------------


def test_a_user_who_may_edit_approves_once(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    page = browser.get(path_of(run))
    assert wait.id not in page.text and TokenSigner("key").sign(wait.waiter, "{}") not in page.text
    fields = fields_of(page, "approve") | {"output": '{"approved": true}'}
    sent = browser.send(path_of(run), fields)
    assert sent.status == 303, sent.text
    assert stored_answer(wait) == WorkerAnswer("SendTaskSuccess", output='{"approved": true}')
    again = browser.send(path_of(run), fields)
    assert again.status == 400 and "does not wait" in again.text
    with create_session() as session:
        rows = session.query(LogRow).filter(LogRow.event == EVENT, LogRow.run_id == run.run_id).all()
        [row] = [row for row in rows if json.loads(row.extra)["action"] == "SendTaskSuccess"]
        assert (row.owner, row.dag_id, row.task_id) == ("ann", run.dag_id, "Large")
        assert json.loads(row.extra) == {"action": "SendTaskSuccess", "state": NAME}
    assert "Waiting for an answer" not in browser.get(path_of(run)).text


def test_a_user_rejects_with_an_error(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    fields = fields_of(browser.get(path_of(run)), "reject") | {"error": "TooMuch", "cause": HOSTILE}
    assert browser.send(path_of(run), fields).status == 303
    assert stored_answer(wait) == WorkerAnswer("SendTaskFailure", None, "TooMuch", HOSTILE)


def test_who_may_only_read_sees_the_wait_and_cannot_answer(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    page = browser.get(path_of(run), "bob")
    assert "Waiting for an answer" in page.text and "<form" not in page.text
    fields = fields_of(browser.get(path_of(run), "ann"), "approve") | {"output": "1"}
    for user in ("bob", None):
        assert browser.send(path_of(run), fields, user).status in (302, 400, 401, 403)
    assert stored_answer(wait) is None


def test_a_form_of_another_site_or_user_is_refused(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    fields = fields_of(browser.get(path_of(run)), "approve") | {"output": "1"}
    foreign = AnswerForms("somebody", "somebody").signature(wait)
    assert browser.send(path_of(run), fields | {"signature": foreign}).status == 403
    for signature in ("", "x", fields["signature"][:-1]):
        assert browser.send(path_of(run), fields | {"signature": signature}).status == 403
    for site in ("cross-site", "same-site", "none"):
        assert browser.send(path_of(run), fields, sec_fetch_site=site).status == 403
    assert stored_answer(wait) is None
    assert browser.send(path_of(run), fields, sec_fetch_site="same-origin").status == 303


def test_a_form_is_good_for_its_wait_alone(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    fields = fields_of(browser.get(path_of(run)), "approve") | {"output": "1"}
    other = open_wait(run, heartbeat=60.0)
    assert browser.send(path_of(run), fields).status == 303
    assert stored_answer(wait) is not None and stored_answer(other) is None
    assert browser.send(f"dags/{run.dag_id}/runs/absent", fields).status in (400, 404)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"output": "{"}, "not valid JSON"),
        ({"output": "NaN"}, "not valid JSON"),
        ({"output": '"' + "x" * 262_143 + '"'}, "length"),
        ({"action": "reject", "error": "x" * 257}, "length"),
        ({"action": "other"}, "Choose"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_its_reason(
    browser: Browser, run: StoredRun, wait: WaitRecord, fields: dict[str, str], message: str
) -> None:
    sent = browser.send(path_of(run), fields_of(browser.get(path_of(run)), "approve") | fields)
    assert sent.status == 400 and message in sent.text
    assert stored_answer(wait) is None
    assert fields.get("output", fields.get("error", "Rejected")) in html.unescape(sent.text), "what was typed stays"


def test_a_form_that_is_too_large_is_not_read(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    fields = fields_of(browser.get(path_of(run)), "approve")
    sent = browser.send(path_of(run), fields | {"output": "x" * MAX_FORM_BYTES})
    assert sent.status == 413 and stored_answer(wait) is None


@pytest.mark.skipif(AIRFLOW < (3,), reason="Flask reads the form")
def test_a_form_of_many_fields_is_refused(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    fields = fields_of(browser.get(path_of(run)), "approve")
    sent = browser.send(path_of(run), fields | {f"field{number}": "" for number in range(20)})
    assert sent.status == 400 and "too many fields" in sent.text and stored_answer(wait) is None


def test_waits_that_are_over_and_those_of_activities_are_not_listed(
    browser: Browser, run: StoredRun, wait: WaitRecord
) -> None:
    from sfn_provider.callbacks.wait_records import ActivityTask

    now = time.time()
    open_wait(run, expires=now - 1)
    open_wait(run, heartbeat=1.0, beat=now - 5)
    open_wait(run, work=ActivityTask("arn:aws:states:us-east-1:123456789012:activity:a", "token", "{}"))
    assert list_waits(now, run.dag_id, run.run_id) == [wait]
    assert list_waits(now, run.dag_id) == list_waits(now) == [wait]
    assert list_waits(now, "ask") == list_waits(now, run.dag_id, "other") == []


@pytest.mark.parametrize("state", ["failed", "success", "skipped", "upstream_failed", "removed"])
def test_a_task_that_was_ended_by_hand_waits_no_more(
    browser: Browser, run: StoredRun, wait: WaitRecord, state: str
) -> None:
    fields = fields_of(browser.get(path_of(run)), "approve") | {"output": "1"}
    set_task_state(run, state)
    assert list_waits(time.time(), run.dag_id) == []
    for path in ("", f"dags/{run.dag_id}", path_of(run)):
        assert "Waiting for an answer" not in browser.get(path).text
    sent = browser.send(path_of(run), fields)
    assert sent.status == 400 and "does not wait" in sent.text and stored_answer(wait) is None


def test_a_wait_of_a_run_that_is_gone_is_not_listed(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    for fields in ({"run_id": "gone"}, {"task_id": "Gone"}, {"map_index": 3}):
        write(replace(wait, id=f"other{fields}", waiter=replace(wait.waiter, **fields)))
    assert list_waits(time.time(), run.dag_id) == [wait]
    assert "gone" not in browser.get(f"dags/{run.dag_id}").text


@pytest.mark.parametrize("state", [None, "scheduled", "queued", "running", "up_for_reschedule", "up_for_retry"])
def test_a_task_between_its_looks_waits(run: StoredRun, wait: WaitRecord, state: Any) -> None:
    set_task_state(run, state)
    assert list_waits(time.time(), run.dag_id) == [wait]


def test_waits_of_many_runs_are_asked_for_in_parts(
    run: StoredRun, wait: WaitRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfn_provider.callbacks.airflow_database._MAX_RUNS_IN_QUERY", 2)
    for number in range(3):
        write(replace(wait, id=f"early{number}", waiter=replace(wait.waiter, run_id=f"a{number}")))
        write(replace(wait, id=f"late{number}", waiter=replace(wait.waiter, run_id=f"z{number}")))
    assert list_waits(time.time(), run.dag_id) == list_waits(time.time()) == [wait]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", '{"waiter": 1}', '{"waiter": {"dag_id": "a"}}'])
def test_a_variable_that_is_no_record_hides_no_other(
    browser: Browser, run: StoredRun, wait: WaitRecord, text: str
) -> None:
    with create_session() as session:
        session.add(VariableRow(key=variable_key("forged"), val=text, description=f"{run.dag_id}, x"))
    for path in ("", f"dags/{run.dag_id}", path_of(run)):
        response = browser.get(path)
        assert response.status == 200 and "Waiting for an answer" in response.text


def test_a_page_lists_the_oldest_hundred_of_many_waits(browser: Browser, run: StoredRun, wait: WaitRecord) -> None:
    for number in range(120):
        write(replace(wait, id=f"more{number}"))
    assert "121 answers" in browser.get("").text
    for path in (f"dags/{run.dag_id}", path_of(run)):
        assert "And 21 more" in browser.get(path).text
    page = browser.get(path_of(run)).text
    assert page.count("<article>") == 100
    assert browser.send(path_of(run), fields_of(browser.get(path_of(run)), "approve") | {"output": "1"}).status == 303
    assert "And 20 more" in browser.get(path_of(run)).text and stored_answer(wait) is not None
