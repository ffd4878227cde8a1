"""Finds in a DAG file which AWS services and Step Functions classes it calls, and with what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.json_values.json_walk import walk_json
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.mwaa.literal_values import UNKNOWN, assigned_expressions, evaluate

_XCOM_PULL: Final = re.compile(r"xcom_pull\(\s*(?:task_ids\s*=\s*)?\[?\s*['\"]([^'\"]+)['\"]")
_EXECUTION_ARGUMENTS: Final = ("execution_arn", "execution_arns")
_STATE_OPERATOR: Final = "StateOperator"


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """What a Task calls.

    Args:
        resource: its Resource; of the kind ``unknown`` where it is known only in a run.
        parameters: its Parameters or Arguments; ``UNKNOWN``, as a whole or within, where the text does not show them.
        place: where it is, for messages: ``sales.py, line 12``.
        credentials: its Credentials, with the role that makes the call; None without.
    """

    resource: Resource
    parameters: Any
    place: str
    credentials: Any = None


@dataclass(frozen=True, slots=True)
class ClassCall:
    """The construction of a class of this package.

    Args:
        name: the class.
        arguments: its arguments by name; ``UNKNOWN`` where the text does not show their value.
        place: where it is, for messages.
    """

    name: str
    arguments: Mapping[str, Any]
    place: str


class DagCalls:
    """The calls in the text of a DAG file.

    Args:
        tree: the file.
        file: its name, for messages.
        package: the package whose classes are meant.
    """

    def __init__(self, tree: ast.AST, file: str, package: str) -> None:
        self._tree, self._file, self._package = tree, file, package
        self._names = assigned_expressions(tree)
        self._classes, self._modules = self._imported()
        self._constructed = [*self._constructions()]
        self._by_task = {
            task: arguments
            for _, _, arguments in self._constructed
            if isinstance(task := self._value(arguments.get("task_id")), str)
        }

    def class_calls(self) -> list[ClassCall]:
        """Return the constructions of the package's classes, in the order of the file."""
        return [
            ClassCall(name, self._evaluated(arguments), self._place(node))
            for node, name, arguments in self._constructed
        ]

    def service_calls(self) -> list[ServiceCall]:
        """Return what the operators' and the states' Resources call, in the order of the file."""
        found = [
            ServiceCall(
                self._resource(arguments["resource"]),
                self._parameters(arguments),
                self._place(node),
                self._value(arguments["credentials"]) if "credentials" in arguments else None,
            )
            for node, name, arguments in self._constructed
            if "resource" in arguments and name.endswith(_STATE_OPERATOR)
        ]
        objects = [node for node in ast.walk(self._tree) if isinstance(node, ast.Dict) and _has_resource(node)]
        objects.sort(key=lambda node: (node.lineno, node.col_offset))
        values = ((node, value) for node in objects if isinstance(value := self._value(node), dict))
        return [*found, *(call for node, value in values for call in state_calls(value, self._place(node)))]

    def _resource(self, node: ast.expr) -> Resource:
        value = self._value(node)
        return parse_resource(value) if isinstance(value, str) else Resource(ast.unparse(node)[:100], "unknown")

    def _parameters(self, arguments: Mapping[str, ast.expr]) -> Any:
        given = arguments.get("parameters", arguments.get("arguments"))
        return self._value(given) if given is not None else {}

    def _place(self, node: ast.expr) -> str:
        return f"{self._file}, line {node.lineno}"

    def _value(self, node: ast.expr | None) -> Any:
        return evaluate(node, self._names) if node is not None else UNKNOWN

    def _imported(self) -> tuple[dict[str, str], set[str]]:
        """Return the package's classes by their names in the file, and the names of its modules."""
        classes: dict[str, str] = {}
        modules: set[str] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == self._package:
                classes |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                own = (alias for alias in node.names if alias.name.partition(".")[0] == self._package)
                modules |= {alias.asname or alias.name.partition(".")[0] for alias in own}
        return classes, modules | classes.keys()

    def _constructions(self) -> Iterator[tuple[ast.Call, str, dict[str, ast.expr]]]:
        calls = (node for node in ast.walk(self._tree) if isinstance(node, ast.Call))
        for node in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            name = self._class_name(node.func)
            if name is not None:
                yield node, name, _keywords(node)
        yield from self._mapped()

    def _mapped(self) -> Iterator[tuple[ast.Call, str, dict[str, ast.expr]]]:
        """Iterate over constructions of mapped operators: ``Class.partial(...).expand(...)``."""
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            partial = node.func.value
            if node.func.attr in ("expand", "expand_kwargs") and (name := self._partial_class(partial)) is not None:
                assert isinstance(partial, ast.Call)
                yield node, name, _keywords(partial) | _keywords(node)

    def _partial_class(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "partial":
            return self._class_name(node.func.value)
        return None

    def _class_name(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self._classes.get(node.id)
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        is_own = isinstance(root, ast.Name) and root.id in self._modules
        return node.attr if is_own and isinstance(node, ast.Attribute) and node.attr[0].isupper() else None

    def _evaluated(self, arguments: Mapping[str, ast.expr]) -> dict[str, Any]:
        """Return the values of arguments; an execution that the file starts has the state machine of its start."""
        values = {name: self._value(node) for name, node in arguments.items()}
        for name in _EXECUTION_ARGUMENTS:
            started = self._start(arguments[name]) if name in arguments else None
            machine = self._value(started.get("state_machine_arn")) if started is not None else UNKNOWN
            if all(isinstance(each, str) and each.startswith("arn:") for each in _as_list(machine)):
                values["state_machine_arn"] = machine
                del values[name]
        return values

    def _start(self, node: ast.expr) -> Mapping[str, ast.expr] | None:
        """Return the arguments of the operator whose result an expression is; None where it is none of the file's."""
        text = self._value(node)
        if isinstance(text, str):
            pulled = _XCOM_PULL.search(text)
            return self._by_task.get(pulled[1]) if pulled else None
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name) and node.id in self._names:
            constructed = self._names[node.id]
            return next((arguments for call, _, arguments in self._constructed if call is constructed), None)
        return None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _keywords(node: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}


def _has_resource(node: ast.Dict) -> bool:
    return any(isinstance(key, ast.Constant) and key.value == "Resource" for key in node.keys)


def state_calls(state: Mapping[str, Any], place: str) -> Iterator[ServiceCall]:
    """Yield what an object of a definition calls: a Task, an ItemReader or a ResultWriter; nothing for others.

    Args:
        state: the object alone; what is within it is not looked through.
        place: where it is, for messages.
    """
    text = state.get("Resource")
    if text is None or not ("Type" not in state or state["Type"] == "Task"):
        return
    resource = parse_resource(text) if isinstance(text, str) else Resource(str(text), "unknown")
    config = state.get("ReaderConfig")
    # A manifest names further objects, in any bucket.
    is_manifest = isinstance(config, dict) and config.get("InputType") in ("MANIFEST", UNKNOWN)
    if resource.kind != "unknown" or state.get("Type") == "Task":
        parameters = state.get("Parameters", state.get("Arguments", {}))
        yield ServiceCall(resource, UNKNOWN if is_manifest else parameters, place, state.get("Credentials"))


def definition_calls(definition: Any, file: str) -> Iterator[ServiceCall]:
    """Yield what the states of a definition call, in its order.

    Args:
        definition: its JSON.
        file: its file, for messages; without one they have the JSON pointer alone.
    """
    for at, _, value in walk_json(definition):
        if isinstance(value, dict):
            yield from state_calls(value, f"{file}#{at}" if file else at)
