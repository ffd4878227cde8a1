"""The conventions of CONTRIBUTING.md that a program can check: names, first lines, sizes, places of tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sfn_provider"
TESTS = ROOT / "tests"
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


BANNED_WORDS = """
admit admits anew carried ending endings explained given gives kept look looking looks outside ours passed
patience patient patiently rests saying sayings tell tells told wanted wire wired wires woken
"""
"""Words that no public name has, because nobody would search for them; docs/glossary.md has the words to use."""

BANNED = frozenset(BANNED_WORDS.split())

TESTS_OWN = """
airflow amazon_provider attack aws benchmarks ci dags docs fixtures golden installation matrix mwaa_environment property
"""
"""Folders of tests/ that mirror nothing: what tests share, and tests of the whole package or of what is around it."""

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


@dataclass(frozen=True)
class Summary:
    """What the tests read of a module's syntax tree. The trees are not kept: the garbage collector would walk them."""

    first_line: str
    names: tuple[tuple[str, int], ...]
    functions: tuple[tuple[str, int], ...]


@cache
def summaries() -> dict[str, Summary]:
    """A summary of each module; not made at import, which every test process does."""
    return {name: summarize(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def summarize(text: str) -> Summary:
    tree = ast.parse(text)
    first_line = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Summary(first_line, tuple(public_names(tree)), tuple(lengths_of_functions(tree.body)))


def lengths_of_functions(statements: Iterable[ast.AST]) -> Iterator[tuple[str, int]]:
    """The functions with their lengths, in whatever statement they stand; no function stands in an expression."""
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{node.lineno} {node.name}", node.end_lineno - node.lineno + 1
        inner = (getattr(node, part, ()) for part in ("body", "handlers", "orelse", "finalbody", "cases"))
        yield from lengths_of_functions(chain.from_iterable(inner))


def test_public_names_have_words_that_people_search_for() -> None:
    found = [
        f"{module}:{line}: {name}"
        for module, summary in summaries().items()
        for name, line in [*summary.names, *((part, 1) for part in Path(module).with_suffix("").parts)]
        if not name.startswith("_") and words_of(name) & BANNED
    ]
    assert not found, "use the words of docs/glossary.md:\n" + "\n".join(found)


def test_the_first_line_of_a_module_says_what_is_in_it() -> None:
    first_lines = {module: summary.first_line for module, summary in summaries().items()}
    assert [f"{module}: {line}" for module, line in first_lines.items() if not line.endswith(".")] == []
    assert [f"{module}: {line}" for module, line in first_lines.items() if len(line) >= 100] == []


def test_a_number_is_written_with_its_noun_in_the_right_form() -> None:
    found = [
        f"{name}: {line.strip()}"
        for name, path in MODULES.items()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"} [a-z ]+\(s\)", line)
    ]
    assert not found, "use sfn_provider.formatting.count:\n" + "\n".join(found)


def test_a_banned_word_is_found() -> None:
    tree = ast.parse("class A:\n    told_by = 1\n    def f(self, kept): ...\nLOOKS_AT = 2")
    assert [name for name, _ in public_names(tree) if words_of(name) & BANNED] == ["told_by", "kept", "LOOKS_AT"]


def test_a_function_is_found_in_any_statement() -> None:
    condition = "if a:\n  try: b\n  except C:\n    async def f(): ...\n"
    match = "match a:\n  case 1:\n    class D:\n      def g(self):\n        h"
    assert summarize(condition + match).functions == (("4 f", 1), ("8 g", 2))


def trees_with(text: str) -> Iterator[tuple[str, ast.Module]]:
    """The syntax trees of the modules that have a text."""
    for name, path in MODULES.items():
        code = path.read_text(encoding="utf-8")
        if text in code:
            yield name, ast.parse(code)


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
        f"{module}:{line}: {name}"
        for word in ("import_module", "__import__")
        for module, tree in trees_with(word)
        for line, name in names_imported_by_text(tree)
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
        for module, tree in trees_with("_ON_DEMAND")
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
        f"{module}:{name}": lines for module, summary in summaries().items() for name, lines in summary.functions
    }
    long = {name: lines for name, lines in functions.items() if lines > MOST_LINES_OF_A_FUNCTION}
    assert len(long) < LONG_FUNCTIONS * len(functions), long


def files_of_tests() -> Iterator[Path]:
    """The files in folders that mirror the package, relative to tests."""
    own = TESTS_OWN.split()
    for path in sorted(TESTS.rglob("*.*")):
        file = path.relative_to(TESTS)
        if file.parts[0] not in own and "__pycache__" not in file.parts:
            yield file


def folders_of_modules() -> dict[str, set[str]]:
    """The folders of the modules of each name; a package's is its own."""
    folders: dict[str, set[str]] = {}
    for path in MODULES.values():
        name = path.parent.name if path.name == "__init__.py" else path.stem
        folders.setdefault(name, set()).add(path.parent.relative_to(PACKAGE).as_posix())
    return folders


def test_the_folders_of_tests_are_those_of_the_package() -> None:
    folders = {path.parent.as_posix() for path in files_of_tests()}
    strange = sorted(folder for folder in folders if not (PACKAGE / folder / "__init__.py").is_file())
    assert strange == [], "name folders of sfn_provider, or list the new one of tests' own in TESTS_OWN"


def test_the_tests_of_a_module_stand_in_its_folder() -> None:
    modules = folders_of_modules()
    displaced = [
        f"tests/{path}: tests/{' or tests/'.join(sorted(folders))}"
        for path in files_of_tests()
        if (folders := modules.get(path.stem.removeprefix("test_"))) and path.stem.startswith("test_")
        if path.parent.as_posix() not in folders
    ]
    assert not displaced, "move it there, or give it another name than a module's:\n" + "\n".join(displaced)
