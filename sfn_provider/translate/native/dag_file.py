"""Emits a native plan as the Python text of a DAG file, laid out as ruff and black do."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sfn_provider.translate.emit import literals
from sfn_provider.translate.emit.expression_layout import lay_out_expression
from sfn_provider.translate.emit.literals import INDENT, string
from sfn_provider.translate.emit.python_file import TIMETABLE, dag_arguments, date_names, import_statement
from sfn_provider.translate.native.edges import find_chains
from sfn_provider.translate.native.expressions.python_layout import comment_lines
from sfn_provider.translate.native.file_functions import file_functions, imports_of_functions
from sfn_provider.translate.native.model import WIDTH, Import, NativeDag, NativeNode, Versions
from sfn_provider.translate.plan.model import DagPlan

_STANDARD = frozenset({"base64", "datetime", "json", "re", "time", "urllib.parse", "uuid"})
"""The modules of the standard library that a file may import."""


def emit_native(plan: DagPlan, dag: NativeDag, versions: Versions) -> str:
    """Return the text of a DAG file.

    Args:
        plan: the DAG's id, schedule and params.
        dag: its tasks.
        versions: Airflow's.
    """
    lines = _Lines(dag)
    body = lines.scope((), INDENT)
    constants = "".join(_constant(name, value) for name, value in dag.constants.items())
    head = f'"""{_docstring(plan)}"""\n\n{_imports(plan, dag, versions)}\n'
    arguments = dag_arguments(plan, "", WIDTH)
    for name in ("tags", *(() if plan.origin else ("doc_md",))):
        arguments.pop(name)
    dag_call = literals.call("DAG", arguments, "")
    functions = "".join(file_functions(dag))
    if functions:
        constants += functions if constants else functions[1:]
    first = "\n" if body.lstrip().startswith("@") else ""
    return f"{head}{constants}{chr(10) if constants else ''}with {dag_call}:\n{first}{body}"


def _constant(name: str, value: str) -> str:
    line = f"{name} = {string(value)}\n"
    return line if len(line) <= WIDTH + 1 else f"{name} = (\n{INDENT}{string(value)}\n)\n"


def _docstring(plan: DagPlan) -> str:
    summary = literals.prose(plan.description or "") or f"The state machine {plan.dag_id}."
    lines = literals.wrap(summary, WIDTH - 6)
    if plan.origin:
        lines += ["", *literals.wrap(f"Made from the Step Functions definition {literals.prose(plan.origin)}.", WIDTH)]
    text = "\n".join(lines)
    return (" " if text.startswith('"') else "") + text + ("\n" if len(lines) > 1 else "")


def _imports(plan: DagPlan, dag: NativeDag, versions: Versions) -> str:
    found: set[Import] = {imported for node in dag.nodes for imported in node.imports}
    found |= {("datetime", name) for name in date_names(plan)}
    found |= imports_of_functions(dag)
    taskflow = ("task",) if any(node.decorator for node in dag.nodes) else ()
    groups = ("TaskGroup",) if dag.groups else ()
    if versions.is_2:
        found |= {("airflow", "DAG"), *(("airflow.decorators", name) for name in taskflow)}
        found |= {("airflow.utils.task_group", name) for name in groups}
    else:
        found |= {("airflow.sdk", name) for name in ("DAG", *taskflow, *groups)}
    if plan.schedule and plan.schedule.has_timetable:
        module, _, name = TIMETABLE.rpartition(".")
        found.add((module, name))
    blocks = ["", ""]
    for module, name in sorted(found, key=lambda imported: (imported[1] != "", imported[0])):
        if not name:
            blocks[module not in _STANDARD] += f"import {module}\n"
    by_module: dict[str, set[str]] = {}
    for module, name in found:
        if name:
            by_module.setdefault(module, set()).add(name)
    for module, names in sorted(by_module.items()):
        blocks[module not in _STANDARD] += import_statement(module, sorted(names, key=_import_order), WIDTH)
    return "\n".join(block for block in blocks if block)


def _import_order(name: str) -> tuple[int, str]:
    """Sort as isort does: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


class _Lines:
    """Writes the tasks and the edges of a DAG."""

    def __init__(self, dag: NativeDag) -> None:
        self.dag = dag
        self.chains = find_chains(dag)
        self.connected = {position for edge in dag.edges for position in edge}
        uses = Counter(position for chain in self.chains for part in chain for position in part)
        arguments = {
            text for node in dag.nodes for text in (*node.parameters.values(), node.expanded) if text is not None
        }
        arguments |= {
            value.text for node in dag.nodes for value in node.arguments.values() if isinstance(value, literals.Code)
        }
        self.named = {
            position
            for position, node in enumerate(dag.nodes)
            if node.decorator and (uses[position] > 1 or node.group or f"{node.variable}_task" in arguments)
        }

    def scope(self, groups: tuple[str, ...], indent: str) -> str:
        """Return the tasks of the DAG or of a task group, with the edges between them."""
        blocks: list[str] = []
        opened: set[str] = set()
        for position, node in enumerate(self.dag.nodes):
            if node.group[: len(groups)] != groups:
                continue
            if node.group == groups:
                blocks.append(self._task(position, node, indent))
            elif (group := node.group[len(groups)]) not in opened:
                opened.add(group)
                blocks.append(self._group((*groups, group), indent))
        edges = self._edges(indent) if not groups else ""
        return _joined([*blocks, *([edges] if edges else [])], indent)

    def _group(self, groups: tuple[str, ...], indent: str) -> str:
        name = string(self.dag.groups[groups[-1]])
        head = f"{indent}with TaskGroup({name}, prefix_group_id=False):\n"
        body = self.scope(groups, indent + INDENT)
        return head + ("\n" if body.lstrip().startswith("@") else "") + body

    def _task(self, position: int, node: NativeNode, indent: str) -> str:
        comment = _comment(node.comment, indent)
        if not node.decorator:
            arguments = {"task_id": node.task_id, **node.arguments, **_trigger_rule(node)}
            if list(arguments) == ["task_id"]:
                start, made = f"{indent}{node.variable} = ", f"{node.operator}(task_id={string(node.task_id)})"
                return f"{comment}{start}{lay_out_expression(made, indent, len(start), WIDTH)}\n"
            texts = {name: literals.argument(name, value, indent, WIDTH) for name, value in arguments.items()}
            return f"{comment}{indent}{node.variable} = {literals.call(str(node.operator), texts, indent)}\n"
        return comment + self._function(position, node, indent)

    def _function(self, position: int, node: NativeNode, indent: str) -> str:
        own = {} if node.task_id == node.variable else {"task_id": node.task_id}
        arguments: dict[str, Any] = {**own, **node.arguments, **_trigger_rule(node)}
        decorator = f"{indent}@{node.decorator}{_arguments(arguments, node.decorator, indent)}\n"
        names = sorted(node.parameters, key=lambda name: node.parameters[name] is None)
        item = [] if node.expanded is None else ["item"]
        head = _head(node.variable, [*item, *names], indent)
        body = "".join(f"{indent}{INDENT}{line}\n" for line in node.body)
        text = decorator + head + body
        if position in self.named:
            start = f"{indent}{node.variable}_task = "
            return f"{text}\n{start}{lay_out_expression(_call(node), indent, len(start), WIDTH)}\n"
        return text if position in self.connected else f"{text}\n{indent}{_call(node)}\n"

    def _edges(self, indent: str) -> str:
        return "".join(self._chain(chain, indent) for chain in self.chains)

    def _chain(self, chain: list[list[int]], indent: str) -> str:
        """Return the lines of a chain; it is cut behind a single task where a line would be too long."""
        parts = [self._part(part) for part in chain]
        lines: list[list[str]] = [[parts[0]]]
        for number, part in enumerate(parts[1:], 1):
            too_long = len(indent + " >> ".join([*lines[-1], part])) > WIDTH
            before = chain[number - 1]
            if too_long and len(lines[-1]) > 1 and len(before) == 1 and self._is_repeatable(before[0]):
                lines.append([parts[number - 1]])
            lines[-1].append(part)
        return "".join(_edge_line(line, indent) for line in lines)

    def _is_repeatable(self, position: int) -> bool:
        return not self.dag.nodes[position].decorator or position in self.named

    def _part(self, positions: list[int]) -> str:
        texts = [self._reference(position) for position in positions]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"

    def _reference(self, position: int) -> str:
        node = self.dag.nodes[position]
        if not node.decorator:
            return node.variable
        return f"{node.variable}_task" if position in self.named else _call(node)


def _joined(blocks: list[str], indent: str) -> str:
    """Join blocks with blank lines, but not between operators, which have none in them."""
    text = ""
    for number, block in enumerate(blocks):
        is_plain = block.startswith(indent) and block[len(indent)].isalpha() and not block.lstrip().startswith("with ")
        was_plain = number > 0 and blocks[number - 1][len(indent)].isalpha() and "\n\n" not in blocks[number - 1]
        is_edges = number == len(blocks) - 1 and " >> " in block.split("\n")[0]
        text += ("" if number == 0 or (is_plain and was_plain and not is_edges) else "\n") + block
    return text


def _edge_line(parts: list[str], indent: str) -> str:
    line = f"{indent}{' >> '.join(parts)}\n"
    if len(line) <= WIDTH + 1:
        return line
    inner = indent + INDENT
    last = parts[-1]
    if len(parts) == 2 and last.startswith("[") and len(f"{indent}{parts[0]} >> [") <= WIDTH:
        names = "".join(f"{inner}{name},\n" for name in last[1:-1].split(", "))
        return f"{indent}{parts[0]} >> [\n{names}{indent}]\n"
    texts = [lay_out_expression(part, inner, len(inner) + 3, WIDTH) for part in parts]
    return f"{indent}(\n{inner}{texts[0]}\n{''.join(f'{inner}>> {text}{chr(10)}' for text in texts[1:])}{indent})\n"


def _head(name: str, parameters: list[str], indent: str) -> str:
    """Return the first lines of a function."""
    listed = ", ".join(parameters)
    if len(f"{indent}def {name}({listed}):") <= WIDTH:
        return f"{indent}def {name}({listed}):\n"
    inner = indent + INDENT
    if len(inner + listed) > WIDTH:
        listed = f",\n{inner}".join(parameters) + ","
    return f"{indent}def {name}(\n{inner}{listed}\n{indent}):\n"


def _call(node: NativeNode) -> str:
    if node.expanded is not None:
        return f"{node.variable}.expand(item={node.expanded})"
    values = [value for value in node.parameters.values() if value is not None]
    return f"{node.variable}({', '.join(values)})"


def _trigger_rule(node: NativeNode) -> dict[str, Any]:
    return {} if node.trigger_rule is None else {"trigger_rule": node.trigger_rule}


def _arguments(arguments: dict[str, Any], decorator: str, indent: str) -> str:
    """Return the arguments of a decorator, on one line if they fit."""
    if not arguments:
        return ""
    flat = ", ".join(f"{name}={literals.inline(value)}" for name, value in arguments.items())
    if len(f"{indent}@{decorator}({flat})") <= WIDTH:
        return f"({flat})"
    texts = {name: literals.argument(name, value, indent, WIDTH) for name, value in arguments.items()}
    return literals.call("", texts, indent)


def _comment(comment: str | None, indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in comment_lines(comment, WIDTH - len(indent)))
