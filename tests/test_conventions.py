"""The conventions of CONTRIBUTING.md that a program can check: names, first lines, sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sfn_provider"
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def trees() -> dict[str, ast.Module]:
    """The modules' syntax trees; not made at import, which every test process does."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


BANNED_WORDS = """
admit admits anew carried ending endings explained given gives kept look looking looks outside ours passed
patience patient patiently rests saying sayings tell tells told wanted wire wired wires woken
"""
"""Words that no public name has, because nobody would search for them; docs/glossary.md has the words to use."""

BANNED = frozenset(BANNED_WORDS.split())

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
            yield from names_of_assignment(node)


def names_of_assignment(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[str, int]]:
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
            elif isinstance(part, ast.Assign | ast.AnnAssign):
                yield from names_of_assignment(part)
        return
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    yield from ((argument.arg, argument.lineno) for argument in arguments)


def test_public_names_have_words_that_people_search_for() -> None:
    found = [
        f"{module}:{line}: {name}"
        for module, tree in trees().items()
        for name, line in [*public_names(tree), *((part, 1) for part in Path(module).with_suffix("").parts)]
        if not name.startswith("_") and words_of(name) & BANNED
    ]
    assert not found, "use the words of docs/glossary.md:\n" + "\n".join(found)


def test_the_first_line_of_a_module_says_what_is_in_it() -> None:
    first_lines = {module: (ast.get_docstring(tree) or "").partition("\n")[0] for module, tree in trees().items()}
    assert [f"{module}: {line}" for module, line in first_lines.items() if not line.endswith(".")] == []
    assert [f"{module}: {line}" for module, line in first_lines.items() if len(line) >= 100] == []


def test_a_number_is_written_with_its_noun_in_the_right_form() -> None:
    found = [
        f"{name}: {line.strip()}"
        for name, path in MODULES.items()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"} [a-z ]+\(s\)", line)
    ]
    assert not found, "use sfn_provider.plurals.count:\n" + "\n".join(found)


def test_a_banned_word_is_found() -> None:
    tree = ast.parse("class A:\n    told_by = 1\n    def f(self, kept): ...\nLOOKS_AT = 2")
    assert [name for name, _ in public_names(tree) if words_of(name) & BANNED] == ["told_by", "kept", "LOOKS_AT"]


def names_imported_by_text(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Modules of this package that a call imports by their names, which import-linter does not see."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        if ast.unparse(node.func).endswith(("import_module", "__import__")):
            texts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            yield from ((node.lineno, text) for text in texts if str(text).startswith(PACKAGE.name))


def test_no_import_is_hidden_in_a_text() -> None:
    found = [
        f"{module}:{line}: {name}" for module, tree in trees().items() for line, name in names_imported_by_text(tree)
    ]
    assert not found, "import it, in a function if it is heavy; hand it in where it stands above:\n" + "\n".join(found)


def test_a_hidden_import_is_found() -> None:
    tree = ast.parse(
        'import_module("sfn_provider.a")\nlib.import_module(f"sfn_provider.{b}")\nimport_module("airflow.c")'
    )
    assert list(names_imported_by_text(tree)) == [(1, "sfn_provider.a"), (2, "sfn_provider.")]


def test_the_names_that_a_package_imports_on_first_use_are_its_own() -> None:
    tables = {
        module: ast.literal_eval(node.value)
        for module, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_ON_DEMAND"
    }
    assert "sfn_provider/asl/__init__.py" in tables
    for module, homes in tables.items():
        package = ".".join(Path(module).parent.parts)
        assert [home for home in homes.values() if not home.startswith(f"{package}.")] == [], module


def test_files_are_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_are_short() -> None:
    functions = {
        f"{module}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    long = {name: lines for name, lines in functions.items() if lines > MOST_LINES_OF_A_FUNCTION}
    assert len(long) < LONG_FUNCTIONS * len(functions), long
