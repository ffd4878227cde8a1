"""The reference is made of the code: every public class has its place, every option and variable its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mkdocs_hooks.environment_variables import environment_variables
from mkdocs_hooks.public_names import PAGES, base_classes, module_file, public_names
from sfn_provider.get_provider_info import get_provider_info

ROOT = Path(__file__).parents[2]
NAMES = {name for page in PAGES for module in page.modules for name in public_names(module)}


def test_every_module_that_airflow_is_told_of_is_in_the_reference() -> None:
    info = get_provider_info()
    told = {
        module
        for kind in ("hooks", "operators", "sensors", "triggers")
        for entry in info[kind]
        for module in entry["python-modules"]
    }
    assert told <= {module for page in PAGES for module in page.modules}
    assert set(info["extra-links"]) <= NAMES


def test_names_stand_where_they_are_defined() -> None:
    assert "sfn_provider.operators.start_execution.StepFunctionStartExecutionOperator" in NAMES
    assert "sfn_provider.asl.parser.lint" in NAMES
    assert "sfn_provider.translate.translator.translate" in NAMES
    for name in NAMES:
        module, _, short = name.rpartition(".")
        assert re.search(rf"^(class|def|async def) {short}\b", module_file(module).read_text(), re.MULTILINE), name


def test_classes_that_have_further_arguments_are_found() -> None:
    start = "sfn_provider.operators.start_execution.StepFunctionStartExecutionOperator"
    found = base_classes(start)
    assert found[0] == "sfn_provider.operators.wait_for_execution.WaitingOperator"
    assert "sfn_provider.driving.aws_hook_mixin.AwsHookMixin" in found
    assert base_classes("sfn_provider.asl.parser.lint") == []


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"mkdocs_hooks/public_names\.py"):
        public_names("sfn_provider.moon")


def test_every_variable_has_a_text() -> None:
    found = environment_variables()
    assert {"SFN_PROVIDER_HISTORY", "SFN_PROVIDER_MOCK_CONFIG", "SFN_PROVIDER_TRACEBACK"} <= set(found)
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sfn_provider").rglob("*.py"))
    assert set(re.findall(r"\bSFN_PROVIDER_[A-Z]+(?:_[A-Z]+)*\b", sources)) == set(found)


class AnyTag(yaml.SafeLoader):
    """A loader for ``mkdocs.yml``, which names Python's functions."""


AnyTag.add_multi_constructor("", lambda loader, suffix, node: suffix)


def test_every_page_is_in_the_navigation() -> None:
    """`make docs` refuses such a page, too; this is quicker, and says where the line is missing."""
    text = yaml.dump(yaml.load((ROOT / "mkdocs.yml").read_text(), AnyTag)["nav"])
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page not in text] == [], "add them to nav in mkdocs.yml"


def test_the_site_loads_nothing_from_elsewhere() -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text(), AnyTag)
    assert config["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css", "extra"} & set(config)
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    assert "```mermaid" not in pages, "its script would come from a server: draw an SVG"
    assert not re.search(r"!\[[^]]*\]\(https?:|<(?:img|script|iframe)", pages)
