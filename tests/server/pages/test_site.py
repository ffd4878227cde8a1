"""The pages: what they show, that hostile names and payloads are only text, and that they hold nothing that runs."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from sfn_provider.asl import parse
from sfn_provider.drawing.execution_paths import find_execution_paths
from sfn_provider.drawing.graph import machine_graph
from sfn_provider.engine import simulate
from sfn_provider.exceptions import StatesError
from sfn_provider.server.local_server import LocalServer
from sfn_provider.server.pages.site import make_pages
from tests.fixtures.local_service import CheckedService, FunctionRunner, Service, make_client
from tests.fixtures.machines.definitions import END, call, choose, machine

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}{% raw %}"


class Page(HTMLParser):
    """A page's elements, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module")
def runner() -> FunctionRunner:
    """Answers the tasks."""

    def fail(request: Any) -> Any:
        raise StatesError(HOSTILE, HOSTILE)

    return FunctionRunner({"Work": lambda request: request.parameters, "Break": fail})


@pytest.fixture(scope="module")
def site(runner: FunctionRunner) -> Iterator[Service]:
    """A server with pages."""
    service = CheckedService(tasks=runner)
    with LocalServer(service, pages=make_pages(service)) as server:
        yield Service(server, make_client(server.endpoint_url))


def _get(site: Service, path: str) -> tuple[Page, Any]:
    with urllib.request.urlopen(f"{site.server.endpoint_url}/{path}", timeout=30) as response:
        return Page(response.read().decode()), response.headers


def test_machines_executions_graph_and_history(site: Service) -> None:
    definition = machine(
        {"Large?": choose("$.size", {"large": "Work"}, "Small"), "Work": call("Last"), "Small": END, "Last": END}
    )
    arn = site.create(definition, name="Orders")
    execution = site.start(arn, {"size": "large"}, name="first")
    assert site.wait(execution)["status"] == "SUCCEEDED"
    index, _ = _get(site, "")
    links = [attributes["href"] for tag, attributes in index.elements if tag == "a"]
    assert f"machine?arn={quote(arn)}" in links and f"execution?arn={quote(execution)}" in links
    shown, _ = _get(site, f"machine?arn={quote(arn)}")
    assert "first" in shown.text and '"StartAt": "Large?"' in shown.text
    page, _ = _get(site, f"execution?arn={quote(execution)}")
    assert re.search(r"first\s+SUCCEEDED", page.text)
    classes = [attributes.get("class") for tag, attributes in page.elements if tag == "g"]
    assert classes.count("node ran") == 3 and classes.count("node idle") == 1
    assert classes.count("edge taken") == 2 and classes.count("edge open") == 1
    for text in ("ExecutionStarted", "LambdaFunctionScheduled", "ExecutionSucceeded", '"size": "large"'):
        assert text in page.text


def test_a_page_of_what_runs_reloads_itself(site: Service) -> None:
    token = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
        "End": True,
    }
    execution = site.start(site.create(machine({"Ask": token})))
    site.wait_for_event(execution, "TaskSubmitted")
    page, _ = _get(site, f"execution?arn={quote(execution)}")
    assert ("meta", {"http-equiv": "refresh", "content": "3"}) in page.elements and "RUNNING" in page.text
    site.client.stop_execution(executionArn=execution)
    site.wait(execution)
    page, _ = _get(site, f"execution?arn={quote(execution)}")
    assert "refresh" not in {attributes.get("http-equiv") for _, attributes in page.elements}
    assert "ABORTED" in page.text


def test_hostile_names_and_payloads_are_text(site: Service) -> None:
    name = HOSTILE[:80]
    definition = machine({name: {"Type": "Pass", "Next": "Break"}, "Break": call()}, Comment=HOSTILE)
    arn = site.create(definition)
    execution = site.start(arn, {"payload": HOSTILE, "half": "\ud83d", HOSTILE: "\x00\x1b"})
    assert site.wait(execution)["status"] == "FAILED"
    for path in (
        "",
        f"machine?arn={quote(arn)}",
        f"execution?arn={quote(execution)}",
        f"execution?arn={quote(HOSTILE)}",
    ):
        try:
            page, headers = _get(site, path)
        except urllib.error.HTTPError as error:
            assert error.code == 404
            page, headers = Page(error.read().decode()), error.headers
        assert not {tag for tag, _ in page.elements} & {"script", "img", "iframe", "object", "form", "base"}, path
        names = {attribute for _, attributes in page.elements for attribute in attributes}
        assert not {each for each in names if each.startswith("on")} | ({"style", "srcdoc"} & names)
        targets = [attributes[key] for _, attributes in page.elements for key in ("href", "src") if key in attributes]
        assert all(
            re.match(r"(\./|style\.css|machine\?arn=[\w%.-]+|execution\?arn=[\w%.-]+)$", each)
            for each in targets
            if each
        )
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
    page, _ = _get(site, f"execution?arn={quote(execution)}")
    assert HOSTILE in page.text and HOSTILE.replace("{{7*7}}", "49") not in page.text


def test_what_does_not_exist(site: Service) -> None:
    for path in ("machine?arn=x", "execution?arn=x", "execution", "nothing/here"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            _get(site, path)


def test_a_long_history_and_large_values_are_cut(site: Service) -> None:
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": machine({"Work": call()}), "End": True}
    execution = site.start(site.create(machine({"Each": each})), {"items": [*range(300)], "text": "x" * 100_000})
    assert site.wait(execution)["status"] == "SUCCEEDED"
    page, _ = _get(site, f"execution?arn={quote(execution)}")
    assert "The last 1000 events" in page.text and "characters)" in page.text
    assert len(page.text) < 400_000


@dataclass(frozen=True)
class Case:
    """A machine, its mocks, and what is drawn of it."""

    definition: dict[str, Any]
    mocks: dict[str, Any]
    nodes: dict[str, int]
    edges: set[tuple[str, str]]
    failed: set[str] = frozenset()  # type: ignore[assignment]
    caught: set[str] = frozenset()  # type: ignore[assignment]


RETRY = {"Retry": [{"ErrorEquals": ["Odd"]}]}
CATCH = {"Catch": [{"ErrorEquals": ["Odd"], "Next": "Saved"}]}
ODD = [{"Throw": {"Error": "Odd"}}]
PATHS = {
    "a retry that helps": Case(
        machine({"A": call("Last") | RETRY, "Last": END}),
        {"A": [*ODD, {"Return": 1}]},
        {"A": 1, "Last": 1},
        {("A", "Last")},
    ),
    "a catch": Case(
        machine({"A": call("Last") | CATCH, "Last": END, "Saved": END}),
        {"A": ODD},
        {"A": 1, "Saved": 1},
        {("A", "Saved")},
        caught={"A"},
    ),
    "a failure": Case(machine({"A": call("Last"), "Last": END}), {"A": ODD}, {"A": 1}, set(), failed={"A"}),
    "a Fail": Case(
        machine({"A": call("B"), "B": {"Type": "Fail", "Error": "E"}}),
        {"A": [{"Return": 1}]},
        {"A": 1, "B": 1},
        {("A", "B")},
        failed={"B"},
    ),
    "a failure in a branch": Case(
        machine(
            {
                "Both": {
                    "Type": "Parallel",
                    "Branches": [machine({"Bad": call()}), machine({"One": call("Two"), "Two": END})],
                    "Next": "Last",
                },
                "Last": END,
            }
        ),
        {"Bad": ODD, "One": [{"Return": 1}]},
        {"Both": 1, "Bad": 1, "One": 1},
        set(),
        failed={"Bad", "Both"},
    ),
    "a caught failure in a branch": Case(
        machine(
            {
                "Both": {"Type": "Parallel", "Branches": [machine({"Bad": call()})], "Next": "Last"} | CATCH,
                "Last": END,
                "Saved": END,
            }
        ),
        {"Bad": ODD},
        {"Both": 1, "Bad": 1, "Saved": 1},
        {("Both", "Saved")},
        caught={"Both"},
    ),
    "a loop": Case(
        machine({"A": call("Again?"), "Again?": choose("$.go", {"on": "A"}, "Last"), "Last": END}),
        {"A": [{"Return": {"go": "on"}}, {"Return": {"go": "on"}}, {"Return": {"go": "off"}}]},
        {"A": 3, "Again?": 3, "Last": 1},
        {("A", "Again?"), ("Again?", "A"), ("Again?", "Last")},
    ),
    "items": Case(
        machine({"Each": {"Type": "Map", "ItemProcessor": machine({"A": call("B"), "B": END}), "End": True}}),
        {"A": [{"Return": 1}]},
        {"Each": 1, "A": 2, "B": 2},
        {("A", "B")},
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_what_of_a_graph_an_execution_has_taken(name: str) -> None:
    case = PATHS[name]
    execution = simulate(case.definition, [1, 2] if name == "items" else {}, mocks=case.mocks)
    found = find_execution_paths(machine_graph(parse(case.definition)), execution.records)
    assert dict(found.nodes) == case.nodes
    assert found.edges == case.edges
    assert (set(+found.failed), set(+found.caught)) == (set(case.failed), set(case.caught))


def test_an_execution_that_has_just_begun_is_drawn() -> None:
    definition = machine({"A": call()})
    assert not find_execution_paths(machine_graph(parse(definition)), ()).nodes


def test_the_transition_behind_a_parallel_and_a_map_is_taken() -> None:
    each = {"Type": "Map", "ItemsPath": "$", "ItemProcessor": machine({"One": END}), "Next": "Last"}
    sides = {"Type": "Parallel", "Branches": [machine({"Left": END})], "Next": "Each"}
    definition = machine({"Sides": sides, "Each": each, "Last": END})
    execution = simulate(definition, [])
    found = find_execution_paths(machine_graph(parse(definition)), execution.records)
    assert found.edges == {("Sides", "Each"), ("Each", "Last")}
