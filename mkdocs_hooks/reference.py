"""Adds the reference to the site: classes and functions, configuration, environment variables, changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from mkdocs_hooks.environment_variables import environment_variables
from mkdocs_hooks.public_names import PAGES, ROOT, base_classes, public_names
from sfn_provider.get_provider_info import get_provider_info

REPOSITORY_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
}
"""Pages of the repository's root, with their places in the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code; MkDocs calls it with the files of ``docs``."""
    made = {"reference/configuration.md": configuration_page(), **class_pages()}
    made |= {page: repository_page(file) for file, page in REPOSITORY_PAGES.items()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    for example in sorted((ROOT / "dags").glob("*.*")):
        files.append(File.generated(config, f"dags/{example.name}", abs_src_path=str(example)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Make links to files of the repository links to the site's copies; MkDocs calls it with each page."""
    pages = "|".join(map(re.escape, REPOSITORY_PAGES))
    return re.sub(
        rf"\]\(\.\./((?:\.\./)*)(dags/|{pages})",
        lambda found: f"]({found[1]}{REPOSITORY_PAGES.get(found[2], found[2])}",
        markdown,
    )


def class_pages() -> dict[str, str]:
    """Return the pages that ask mkdocstrings for each public name and the classes below it, each name once."""
    seen: set[str] = set()
    made = {}
    for page in PAGES:
        names = [name for module in page.modules for name in public_names(module)]
        names += [base for name in names for base in base_classes(name)]
        new = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(new)
        blocks = "\n".join(f"::: {name}\n" for name in new)
        made[f"reference/{page.file}"] = f"# {page.title}\n\n{page.introduction}\n\n{blocks}"
    return made


def configuration_page() -> str:
    """Return the page of Airflow's configuration options and of environment variables."""
    return "\n".join(_configuration_lines()) + "\n"


def _configuration_lines() -> Iterator[str]:
    yield from ("# Configuration and environment variables", "")
    for section, content in get_provider_info()["config"].items():
        yield from (f"## `[{section}]` in airflow.cfg", "", _as_code(content["description"]), "")
        yield from ("| Option | Type | Default | Environment variable | What |", "|---|---|---|---|---|")
        for name, option in content["options"].items():
            variable = f"AIRFLOW__{section.upper()}__{name.upper()}"
            default = f"`{option['default']}`" if option["default"] else ""
            text = _as_code(option["description"]) + _extras(option)
            yield f"| `{name}` | {option['type']} | {default} | `{variable}` | {text} |"
        yield ""
    yield from ("## Environment variables", "", "| Variable | What |", "|---|---|")
    for name, text in environment_variables().items():
        yield f"| `{name}` | {_as_code(text)} |"
    yield "| `NO_COLOR`, `FORCE_COLOR` | The commands print without, or with, colors. |"


def _extras(option: dict[str, Any]) -> str:
    secret = " Sensitive: Airflow masks it, and reads it from a command or a secrets backend, too."
    example = f" Example: `{option['example']}`." if option["example"] else ""
    return example + (secret if option.get("sensitive") else "")


def _as_code(text: str) -> str:
    return re.sub(r"docs/([a-z-]+\.md)", r"[\1](../\1)", text.replace("``", "`")).replace("|", "\\|")


def repository_page(file: str) -> str:
    """Return a page of the repository's root with links that start in ``docs``."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, page in REPOSITORY_PAGES.items():
        text = text.replace(f"]({name})", f"]({page})")
    return text.replace("](docs/", "](")
