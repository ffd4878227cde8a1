"""Lists the public classes and functions by reading the modules, without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class ReferencePage:
    """A page of the reference.

    Args:
        file: its file below ``docs/reference``.
        title: its heading.
        introduction: its first paragraph, in Markdown.
        modules: the modules whose public names it documents: those of ``__all__``, else public classes and functions
            that the module defines.
    """

    file: str
    title: str
    introduction: str
    modules: tuple[str, ...]


PAGES = (
    ReferencePage(
        "operators.md",
        "Operators",
        "What starts, stops, redrives and describes executions, answers task tokens and deploys state machines. "
        "Examples: [Drive Step Functions](../driving.md). Each class is imported from "
        "`sfn_provider.operators.step_function`.",
        ("sfn_provider.operators.step_function",),
    ),
    ReferencePage(
        "sensors.md",
        "Sensors",
        "What waits for executions, Map Runs, states and the work of activities. Examples: [Sensors](../sensors.md). "
        "Each class is imported from `sfn_provider.sensors.step_function`.",
        ("sfn_provider.sensors.step_function",),
    ),
    ReferencePage(
        "triggers.md",
        "Triggers",
        "What waits in the triggerer: for deferred tasks, and for assets. Examples: [Waiting](../waiting.md).",
        (
            "sfn_provider.triggers.step_function",
            "sfn_provider.triggers.execution_events",
            "sfn_provider.triggers.executions",
            "sfn_provider.triggers.map_run",
            "sfn_provider.triggers.state",
            "sfn_provider.triggers.activity",
            "sfn_provider.triggers.jobs",
        ),
    ),
    ReferencePage(
        "hook-and-links.md",
        "Hook and links",
        "The hook behind operators, sensors and triggers, and the links to the AWS console on a task's page.",
        ("sfn_provider.hooks.step_function", "sfn_provider.links.step_function", "sfn_provider.links.aws_console"),
    ),
    ReferencePage(
        "translated-dags.md",
        "Operators of translated DAGs",
        "What translated DAG files consist of: [Translate](../translation.md) says how a state machine becomes a DAG, "
        "and [the native style](../native.md) when `StatesOperator` is used.",
        (
            "sfn_provider.operators.state_machine",
            "sfn_provider.operators.groups",
            "sfn_provider.operators.distributed_map",
            "sfn_provider.operators.states",
        ),
    ),
    ReferencePage("exceptions.md", "Exceptions", "What this package raises.", ("sfn_provider.exceptions",)),
    ReferencePage(
        "python.md",
        "Python",
        "The functions behind the commands, for scripts and tests. `asl`, `engine` and `translate` need neither "
        "Airflow nor boto3.",
        (
            "sfn_provider.asl",
            "sfn_provider.engine",
            "sfn_provider.translate",
            "sfn_provider.compare",
            "sfn_provider.testing.state_tests",
        ),
    ),
)


def module_file(module: str) -> Path:
    """Return the file of a module of the package.

    Raises:
        FileNotFoundError: where there is none.
    """
    path = ROOT.joinpath(*module.split("."))
    found = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if not found.exists():
        raise FileNotFoundError(f"{module}: there is no module of this name; correct mkdocs_hooks/public_names.py")
    return found


def public_names(module: str) -> list[str]:
    """Return the public names of a module with the modules that define them, ``sfn_provider.asl.parser.parse``."""
    tree = ast.parse(module_file(module).read_text(encoding="utf-8"))
    origins = dict(_imported(tree))
    exported = next(_exported(tree), None)
    if exported is None:
        return [f"{module}.{name}" for name in _defined(tree)]
    found = [_follow(origins.get(name, f"{module}.{name}")) for name in exported]
    return [name for name in found if not name.startswith("sfn_provider._compat.")]  # those are Airflow's


def base_classes(name: str) -> list[str]:
    """Return the classes of the package that a class inherits from, nearest first: they have its further arguments."""
    module, _, short = name.rpartition(".")
    tree = ast.parse(module_file(module).read_text(encoding="utf-8"))
    origins = dict(_imported(tree))
    own = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    bases = [base.id for base in own[short].bases if isinstance(base, ast.Name)] if short in own else []
    found = [
        _follow(origins[base]) if base in origins else f"{module}.{base}"
        for base in bases
        if not base.startswith("_") and (base in origins or base in own)
    ]
    known = [base for base in found if not base.startswith("sfn_provider._compat.")]
    return list(dict.fromkeys([*known, *(far for base in known for far in base_classes(base))]))


def _follow(name: str) -> str:
    """Return where a name is defined that its module may import from another one."""
    module, _, short = name.rpartition(".")
    origin = dict(_imported(ast.parse(module_file(module).read_text(encoding="utf-8")))).get(short, name)
    return name if origin == name else _follow(origin)


def _exported(tree: ast.Module) -> Iterator[list[str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "__all__" for to in node.targets):
            yield ast.literal_eval(node.value)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names that a module imports from the package, also under TYPE_CHECKING, with where they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sfn_provider"):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
