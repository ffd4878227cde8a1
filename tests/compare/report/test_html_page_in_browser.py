"""The page in a real browser: it fits, reads in the light and in the dark, prints, and asks for and runs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfn_provider.compare.report import as_html
from tests.compare.report.test_builder import FAILED, GOOD, ORDER, RETRIED, SOME, WRONG
from tests.compare.report.test_html_page import HOSTILE
from tests.fixtures.chromium import Chromium
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.reports import make_case, report_of

LAPTOP, PHONE = (1280, 800), (390, 844)

NESTED = machine(
    {
        "Ask for everything that there is to know": call("Both", Retry=[{"ErrorEquals": ["Busy"]}]),
        "Both": {
            "Type": "Parallel",
            "Branches": [
                machine({"Left": call("Left again"), "Left again": END}),
                machine(
                    {
                        "注文の一覧を取得する処理": call("Right_with_a_long_name_without_blanks"),
                        "Right_with_a_long_name_without_blanks": END,
                    }
                ),
            ],
            "ResultPath": "$.both",
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": machine({"Ship": call()}),
            "ResultPath": "$.each",
            "Next": "Again?",
        },
        "Again?": choose("$.state", {"more": "Rest"}, "Done"),
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Ask for everything that there is to know"},
        "Done": END,
    }
)
NESTED_ANSWERS = {
    "Ask for everything that there is to know": [
        {"Return": {"state": "more", "items": [1, 2]}},
        {"Return": {"state": "none", "items": [{"name": "x" * 300}]}},
    ],
    "Left": [{"Return": 1}],
    "注文の一覧を取得する処理": [{"Return": 1}],
    "Ship": [{"Return": {"text": "word " * 40}}],
}  # fmt: skip

PAGES = {
    "agree": lambda: report_of(ORDER, GOOD, FAILED, RETRIED, runs=5_000, made_at="2025-03-15 02:00 UTC"),
    "differ": lambda: report_of(
        ORDER,
        WRONG.model_copy(
            update={"name": f"arn:aws:states:eu-central-1:123456789012:execution:{'Orders' * 10}:nightly"}
        ),
        GOOD,
        not_replayed={"arn:aws:states:eu-central-1:123456789012:execution:Orders:2": "it was redriven"},
    ),
    "nested": lambda: report_of(NESTED, make_case(NESTED, {}, NESTED_ANSWERS), runs=1_000_000),
}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(as_html(PAGES[request.param]()), encoding="utf-8")
    return path


OPEN_ALL = "document.querySelectorAll('details').forEach(details => { details.open = true })"

TEXTS_OUTSIDE_OF_THEIR_BOXES = """
[...document.querySelectorAll('.node')].flatMap(node => {
  const box = node.querySelector('rect').getBBox()
  return [...node.querySelectorAll('text')].filter(text => {
    const found = text.getBBox()
    return found.x < box.x || found.x + found.width > box.x + box.width || found.y < box.y
  }).map(text => text.textContent)
})"""

CUT_LABELS = """
[...document.querySelectorAll('svg.chart')].filter(chart => chart.clientWidth).flatMap(chart => {
  const view = chart.viewBox.baseVal
  return [...chart.querySelectorAll('text')].filter(text => {
    const found = text.getBBox()
    return found.x < 0 || found.x + found.width > view.width || found.y + found.height > view.height
  }).map(text => text.textContent)
})"""


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_page_fits_and_asks_for_nothing(chromium: Chromium, page: Path, size: tuple[int, int]) -> None:
    chromium.open(page, *size)
    chromium.evaluate(OPEN_ALL)
    assert chromium.evaluate("document.documentElement.scrollWidth") == size[0]
    assert chromium.asked == [page.as_uri()]
    assert chromium.evaluate(TEXTS_OUTSIDE_OF_THEIR_BOXES) == []
    assert chromium.evaluate(CUT_LABELS) == []
    shown = "[...document.querySelectorAll('svg.chart')].filter(chart => chart.clientWidth).length"
    assert chromium.evaluate(shown) == 1


SCROLLING = """
[...document.querySelectorAll('.scroll')].filter(box => box.clientWidth).map(box => [
  box.scrollWidth > box.clientWidth,
  getComputedStyle(box, '::after').display === 'block' && getComputedStyle(box).backgroundImage !== 'none',
])"""


NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
"""Animations along the way of scrolling begin with a frame."""


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_a_table_that_scrolls_says_so_and_no_other(chromium: Chromium, page: Path, size: tuple[int, int]) -> None:
    chromium.open(page, *size)
    chromium.evaluate(OPEN_ALL)
    chromium.evaluate(NEXT_FRAME)
    boxes = chromium.evaluate(SCROLLING)
    assert all(scrolls == says for scrolls, says in boxes)
    assert any(scrolls for scrolls, _ in boxes) or size == LAPTOP


CONTRASTS = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
    return canvas.getImageData(0, 0, 1, 1).data
  }
  const light = colour => {
    const [r, g, b] = [...rgb(colour)].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    return .2126 * r + .7152 * g + .0722 * b
  }
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = getComputedStyle(at).backgroundColor
      if (rgb(found)[3] === 255) return found
    }
    return 'white'
  }
  const least = {}
  for (const element of document.querySelectorAll('main *:not(svg *)')) {
    if (![...element.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a)
    const contrast = (one + .05) / (other + .05)
    if (contrast < 4.5) least[element.className || element.tagName] = contrast
  }
  for (const node of document.querySelectorAll('.node')) {
    const [one, other] = [light(getComputedStyle(node.querySelector('text')).fill),
      light(getComputedStyle(node.querySelector('rect')).fill)].sort((a, b) => b - a)
    const contrast = (one + .05) / (other + .05)
    if (contrast < 4.5) least['node ' + node.className.baseVal] = contrast
  }
  return least
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_can_be_read(chromium: Chromium, page: Path, dark: bool) -> None:
    chromium.open(page, *LAPTOP, dark=dark)
    chromium.evaluate(OPEN_ALL)
    assert chromium.evaluate(CONTRASTS) == {}
    ground = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)")


def test_it_prints_light_with_all_cases(chromium: Chromium, page: Path) -> None:
    chromium.open(page, *LAPTOP, dark=True)
    chromium.call("Emulation.setEmulatedMedia", media="print")
    assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    hidden = "[...document.querySelectorAll('.case h3')].filter(heading => !heading.checkVisibility()).length"
    assert chromium.evaluate(hidden) == 0
    printed = chromium.pdf()
    chromium.call("Emulation.setEmulatedMedia", media="")
    assert printed.startswith(b"%PDF") and len(printed) > 20_000


@pytest.mark.parametrize("bad", HOSTILE)
def test_nothing_of_a_definition_runs(chromium: Chromium, tmp_path: Path, bad: str) -> None:
    definition = machine({f"A{bad}": call("B"), "B": {"Type": "Fail", "Error": bad, "Cause": bad}})
    made = report_of(definition, make_case(definition, {bad: bad}, {f"A{bad}": [{"Return": bad}]}, bad), title=bad)
    # Without the policy, so that only the escapes stand between the text and the browser.
    html = as_html(made).replace("default-src 'none'; style-src 'unsafe-inline'", "")
    (tmp_path / "report.html").write_text(
        html.replace("<title>", "<script>alerts = 0; alert = () => { alerts += 1 }</script><title>", 1)
    )
    chromium.open(tmp_path / "report.html", *LAPTOP)
    chromium.evaluate(OPEN_ALL)
    chromium.evaluate(
        "document.querySelectorAll('*').forEach(element => element.dispatchEvent(new Event('mouseover')))"
    )
    assert chromium.evaluate("alerts") == 0
    assert chromium.evaluate("document.querySelector('h1').textContent") == bad
    assert chromium.evaluate("document.scripts.length") == 1


def test_the_policy_stops_scripts(chromium: Chromium, tmp_path: Path) -> None:
    html = as_html(report_of(ORDER, make_case(ORDER, {}, SOME)))
    (tmp_path / "report.html").write_text(html.replace("<header>", "<script>scriptRan = 1</script><header>"))
    chromium.open(tmp_path / "report.html", *LAPTOP)
    assert chromium.evaluate("typeof scriptRan") == "undefined"
