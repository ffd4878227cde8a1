"""The HTML page: what it says, and that text stays text."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.compare.report import as_html
from tests.compare.report.test_builder import FAILED, GOOD, ORDER, WRONG
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.reports import make_case, report_of

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """What a browser makes of a page: elements with their attributes, and text; whether every element ends in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_what_the_report_does() -> None:
    page = Page(
        as_html(report_of(ORDER, GOOD, FAILED, WRONG, origin="order.asl.json", made_at="today", notes=["Note."]))
    )
    assert page.open == []
    for said in (
        "Airflow differs from Step Functions in 1 of 3 executions.",
        "order.asl.json · today",
        "Note.",
        "2 of 3",
        '-  "kg": 2\n',
        '+  "kg": 3\n',
        "Back order",
        "30 runs a month",
        "Prices in USD of moon-1, of 2031-05-06.",
        "https://example.com/prices",
        "its price in moon-1 is not known",
    ):
        assert said in page.text, said


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    html = as_html(report_of(ORDER, GOOD, WRONG))
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form", "base", "foreignobject"})
    policy = next(attributes for tag, attributes in page.elements if "http-equiv" in attributes)
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links and all(link and link.startswith("#case-") for link in links)
    assert not re.search(r"url\(|@import|src=", html.replace("default-src", "").replace("style-src", ""))


def test_every_drawing_has_a_name_and_every_link_a_place() -> None:
    page = Page(as_html(report_of(ORDER, GOOD, WRONG)))
    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert all(drawing.get("aria-label") or drawing.get("aria-hidden") == "true" for drawing in drawings)
    assert all(drawing["role"] == "img" for drawing in drawings if "aria-hidden" not in drawing)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {attributes.get("aria-labelledby") for _, attributes in page.elements} - {None}
    linked = {link[1:] for _, attributes in page.elements if (link := attributes.get("href"))}
    assert named | linked <= set(ids)


def test_what_differs_is_open_and_comes_first() -> None:
    page = Page(as_html(report_of(ORDER, GOOD, WRONG)))
    cases = [attributes for _, attributes in page.elements if attributes.get("class") == "case"]
    assert ["open" in case for case in cases] == [True, False]
    body = page.text[page.text.index("Executions\n") :]
    assert body.index("wrong") < body.index("good")


HOSTILE = [
    "<script>alert(1)</script>",
    "</text></svg><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></title></textarea><b>",
    "{{ 7 * 7 }}{% raw %}{# no #}",
    "<!-- --><![CDATA[",
    "&lt;i&gt; &amp;amp;",
    "javascript:alert(1)",
    "]]></pre></details>",
]


def page_with(text: str) -> Page:
    """The page of a report in which a text stands wherever a text can stand."""
    one, other, last = f"A{text}", f"B{text}", f"D{text}"
    definition = {
        **machine(
            {
                one: {**call(other, Catch=[{"ErrorEquals": [text], "Next": "End"}]), "Comment": text},
                other: choose("$.go", {text: "Both"}, "End"),
                "Both": {
                    "Type": "Parallel",
                    "Branches": [machine({f"C{text}": END}), machine({last: call()})],
                    "ResultPath": "$.both",
                    "Next": "End",
                },
                "End": {"Type": "Fail", "Error": text, "Cause": text},
            }
        ),
        "Comment": text,
    }
    answers: dict[str, Any] = {one: [{"Return": {"go": text, text: text}}], last: [{"Return": [text]}]}
    others: dict[str, Any] = {**answers, last: [{"Return": [text, text]}]}
    case = make_case(definition, {text: text}, answers, f"case {text}", other=others, cause=f"x{text}")
    more: dict[str, Any] = {"origin": text, "made_at": text, "notes": [text], "not_replayed": {text: text}}
    return Page(as_html(report_of(definition, case, title=text, **more)))


@pytest.mark.parametrize("bad", HOSTILE)
def test_texts_of_definitions_and_data_stay_text(bad: str) -> None:
    page, plain = page_with(bad), page_with(re.sub(r"[^ _.-]", "w", bad))
    assert page.open == []
    found, expected = ([(tag, list(attributes)) for tag, attributes in each.elements] for each in (page, plain))
    assert found == expected
    assert page.text.count(bad) > 20


def test_many_cases_make_a_page_that_is_not_too_long() -> None:
    cases = [GOOD.model_copy(update={"name": f"case {number}"}) for number in range(600)]
    html = as_html(report_of(ORDER, *cases, WRONG))
    assert len(html) < 2_000_000
    assert "101 more that agree are left out" in html
    assert html.count('class="case"') == 20


def test_the_template_is_in_the_package() -> None:
    from sfn_provider.compare import report

    folder = Path(report.__file__).parent / "templates"
    assert {path.name for path in folder.iterdir()} == {
        "report.html.j2",
        "calls.html.j2",
        "macros.html.j2",
        "report.css",
    }


def test_the_wheel_holds_templates_and_prices(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    if "Missing dependencies" in done.stdout + done.stderr or "hatchling" in done.stderr:
        pytest.skip("hatchling, which builds wheels, is not installed here")
    assert done.returncode == 0, done.stdout + done.stderr
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    wanted = {"report/templates/report.html.j2", "report/templates/macros.html.j2", "report/templates/report.css"}
    assert {f"sfn_provider/compare/{name}" for name in {*wanted, "cost/prices.json"}} <= names


def test_one_execution_is_drawn_once_and_several_one_by_one_too() -> None:
    drawn = [as_html(report_of(ORDER, *cases)).count("What ran</h") for cases in ((GOOD,), (GOOD, FAILED))]
    assert drawn == [1, 3]
