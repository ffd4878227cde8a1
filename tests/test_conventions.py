"""The conventions of CONTRIBUTING.md that a program can check: names, first lines, sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sfn_provider"
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

BANNED = frozenset(
    "admit admits anew backlog carried ending endings explained given gives kept look looking looks outside ours "
    "passed patience patient patiently rest rests saying sayings tell tells told visit visits wanted whole wire wired "
    "wires woken".split()
)
"""Words that no public name has, because nobody would search for them; docs/glossary.md has the words to use."""

ALLOWED = frozenset({"StateVisit", "state_visits", "visits"})
"""Public names that have a banned word and mean it; ``visits`` is a field of the reports' JSON."""

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 40
LONG_FUNCTIONS = 0.01
"""The share of functions that may be longer."""


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def public_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Names of a module's public classes, functions, constants, and of public methods and arguments."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from names_of_definition(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node.lineno) for target in targets if isinstance(target, ast.Name))


def names_of_definition(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, int]]:
    if node.name.startswith("_") and node.name != "__init__":
        return
    yield node.name, node.lineno
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from names_of_definition(part)
            elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                yield part.target.id, part.lineno
        return
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    yield from ((argument.arg, argument.lineno) for argument in arguments)


@pytest.mark.parametrize("module", MODULES)
def test_public_names_have_words_that_people_search_for(module: str) -> None:
    named = [*public_names(TREES[module]), *((part, 1) for part in Path(module).with_suffix("").parts)]
    found = [
        f"{module}:{line}: {name}"
        for name, line in named
        if not name.startswith("_") and name not in ALLOWED and words_of(name) & BANNED
    ]
    assert not found, "use the words of docs/glossary.md:\n" + "\n".join(found)


@pytest.mark.parametrize("module", MODULES)
def test_the_first_line_of_a_module_says_what_is_in_it(module: str) -> None:
    first = (ast.get_docstring(TREES[module]) or "").partition("\n")[0]
    assert first, f"{module} has no docstring"
    assert len(first) < 100, f"{module}: {first}"
    assert first.endswith("."), f"{module}: {first}"


def test_files_are_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_are_short() -> None:
    functions = {
        f"{module}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    long = {name: lines for name, lines in functions.items() if lines > MOST_LINES_OF_A_FUNCTION}
    assert len(long) < LONG_FUNCTIONS * len(functions), long
