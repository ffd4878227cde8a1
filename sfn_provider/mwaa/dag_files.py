"""Reads imports, companion files and AWS resources of DAG files, without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.resources import parse_resource
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.mwaa.dag_calls import ClassCall, DagCalls, ServiceCall, definition_calls
from sfn_provider.mwaa.literal_values import UNKNOWN
from sfn_provider.text_files import read_text_file
from sfn_provider.translate.definitions import read_definition

_PACKAGE: Final = "sfn_provider"
_BUILD_FUNCTION: Final = "build_dag"
_MOST_LEVELS: Final = 300


@dataclass(frozen=True, slots=True)
class Imported:
    """An import of a DAG file.

    Args:
        module: ``airflow.operators.python``.
        name: the imported name; None for the module itself.
        line: its line.
        guarded: whether it is within an ``if`` or a ``try``, where it may fail.
    """

    module: str
    name: str | None
    line: int
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class DagFile:
    """A DAG file.

    Args:
        path: where it was read.
        source: its text.
        imports: what it imports.
        classes: the names of this package's that it imports or calls, in order.
        companions: the files beside it that it names, definitions for example, by their path from its folder.
        class_calls: where it constructs classes of this package.
        service_calls: what the Tasks in it and in its definitions call.
    """

    path: Path
    source: str
    imports: tuple[Imported, ...]
    classes: tuple[str, ...]
    companions: dict[str, bytes]
    class_calls: tuple[ClassCall, ...]
    service_calls: tuple[ServiceCall, ...]


def read_dag_file(path: str) -> DagFile:
    """Read a DAG file.

    Raises:
        UsageError: where it cannot be read, is no Python, or names a definition that cannot be read.
    """
    file = Path(path)
    try:
        source = read_text_file(path, "a DAG")
    except UsageError as error:
        raise UsageError(f"--dags {error}") from error
    tree = _parse(path, source)
    imports = tuple(_imports(tree))
    texts = list(dict.fromkeys(_string_literals(tree)))
    references = [text for text in texts if _names_file_beside(file, text)]
    for text in references:
        _refuse_companion(path, file.parent / _file_named(text))
    builds = any(imported.name == _BUILD_FUNCTION for imported in imports)
    definitions = {text: _read_definition(path, text) for text in references} if builds else {}
    calls = DagCalls(tree, file.name, _PACKAGE)
    class_calls = calls.class_calls()
    named = [entry.name for entry in imports if entry.name and entry.module.partition(".")[0] == _PACKAGE]
    return DagFile(
        path=file,
        source=source,
        imports=imports,
        classes=tuple(dict.fromkeys([*named, *(call.name for call in class_calls)])),
        companions={name.as_posix(): (file.parent / name).read_bytes() for name in map(_file_named, references)},
        class_calls=tuple(class_calls),
        service_calls=tuple(_service_calls(calls, file.name, texts, definitions)),
    )


def _parse(path: str, source: str) -> ast.Module:
    try:
        tree = ast.parse(source, path)
        _check_depth(tree)
        return tree
    except SyntaxError as error:
        raise UsageError(f"--dags {path}: line {error.lineno}: {error.msg}") from error
    except ValueError as error:  # a null byte
        raise UsageError(f"--dags {path}: is no Python: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise UsageError(f"--dags {path}: its expressions lie too deep in one another for Python") from error


def _check_depth(tree: ast.AST) -> None:
    """Raise RecursionError where what walks through the tree would, whatever limit this process has set."""
    level: list[ast.AST] = [tree]
    for _ in range(_MOST_LEVELS):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise RecursionError


def _service_calls(calls: DagCalls, file: str, texts: list[str], definitions: dict[str, Any]) -> Iterator[ServiceCall]:
    """Iterate over what Tasks call, and over resources elsewhere in the texts, whose parameters nobody knows."""
    found = [*calls.service_calls()]
    for name, definition in definitions.items():
        found += definition_calls(definition, name)
        texts = [*texts, *(text for _, text in walk_texts(definition))]
    yield from found
    named = {call.resource.text for call in found}
    for resource in (parse_resource(text) for text in dict.fromkeys(texts) if text not in named):
        if resource.kind != "unknown":
            yield ServiceCall(resource, UNKNOWN, file)


def _imports(node: ast.AST, guarded: bool = False) -> Iterator[Imported]:
    if isinstance(node, ast.Import):
        yield from (Imported(alias.name, None, node.lineno, guarded) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (Imported(node.module, alias.name, node.lineno, guarded) for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, guarded or isinstance(node, ast.If | ast.Try))


def _string_literals(tree: ast.AST) -> Iterator[str]:
    nodes = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return (value for value in nodes if isinstance(value, str))


def _names_file_beside(file: Path, text: str) -> bool:
    name = text.partition("#")[0]
    if not name or len(name) > 255 or "\n" in name or "\0" in name or name == file.name:
        return False
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and (file.parent / path).is_file()


def _file_named(text: str) -> Path:
    return Path(text.partition("#")[0])


def _refuse_companion(dag_path: str, companion: Path) -> None:
    """Refuse to take along what is not meant to go to another machine.

    Raises:
        UsageError: for a hidden file, as ``.env``, and for a link, which may lead anywhere.
    """
    folder = Path(dag_path).parent
    name = companion.relative_to(folder)
    parts = [part for part in (name, *name.parents) if part.name]
    reason = ""
    if any(part.name.startswith(".") for part in parts):
        reason = "hidden files may hold secrets"
    elif any((folder / part).is_symlink() for part in parts):
        reason = "a link may lead anywhere"
    if reason:
        raise UsageError(
            f"--dags {dag_path}: it names {name}, which does not go to MWAA: {reason}. "
            "Name a plain file, or keep the value in a connection, a Variable or a secrets backend"
        )


def _read_definition(path: str, reference: str) -> Any:
    try:
        return read_definition(str(Path(path).parent / reference)).document.value
    except (UsageError, InvalidDefinition) as error:
        raise UsageError(f"--dags {path}: {reference}: {error}") from error
