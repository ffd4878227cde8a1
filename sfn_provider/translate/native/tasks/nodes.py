"""Makes the tasks of a native DAG: operators with Jinja arguments, and TaskFlow functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sfn_provider.asl.model import Pass, Task
from sfn_provider.translate.emit.literals import Code, Wrapped, inline, literal, string
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.jsonata import jsonata_template_value
from sfn_provider.translate.native.data_flow.templates import payload_value
from sfn_provider.translate.native.data_flow.values import Array, Constant, Object, OneOf, Source, Value, constant, walk
from sfn_provider.translate.native.expressions.jinja import JinjaWriter, escape
from sfn_provider.translate.native.expressions.places import ERROR_KEY, Find, ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import (
    call_lines,
    raise_lines,
    return_lines,
    statement_lines,
)
from sfn_provider.translate.native.expressions.writer import whole_error
from sfn_provider.translate.native.model import CLIENT_IN_ROLE, WIDTH, How, Import, NativeNode, NotNative, Versions
from sfn_provider.translate.native.operator_table import JsonText, TextOf
from sfn_provider.translate.native.routing.routes import END
from sfn_provider.translate.native.states.forms import FunctionForm, OperatorForm, TaskForm, from_tree
from sfn_provider.translate.native.states.retries_and_timeouts import retry_arguments, timeout_arguments
from sfn_provider.translate.native.tasks.choice_lines import choice_lines
from sfn_provider.translate.native.tasks.fail_lines import fail_lines
from sfn_provider.translate.native.tasks.node_imports import (
    duration_imports,
    fail_exception,
    imports_of,
    moment_imports,
)
from sfn_provider.translate.native.tasks.task_names import constant_name
from sfn_provider.translate.native.tasks.way_lines import lines_by_way, parsed_once
from sfn_provider.translate.plan import naming

_LEAST_WIDTH = WIDTH - 4 * 90
"""Columns of a line within 90 blocks: Python reads no more than 100."""


@dataclass(slots=True)
class NodeMaker:
    """Makes the tasks of states.

    Args:
        versions: Airflow's and the provider's.
        find: finds where a run has what a value names.
        find_mark: finds an XCom that says whether a way was taken.
        task_ids: the ids of tasks by key.
        producers: the text of a task's result as an argument of a function, by the task's id.
        variables: the variables of tasks by id.
        constants: the names of the constants at the top by their value; grows.
        marks: the states whose result says which way was taken.
        is_certain: whether a task, by its id, has succeeded whenever the one runs that is made.
        width: columns of a line in the body of a function.
    """

    versions: Versions
    find: Find
    find_mark: Callable[[Source], ValuePlace]
    task_ids: dict[str, str]
    producers: dict[str, str]
    variables: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    is_certain: Callable[[str], bool] = bool
    width: int = WIDTH - 8

    @contextmanager
    def in_width(self, width: int) -> Iterator[None]:
        """Lay lines out in another width while the context is open; NotNative where Python reads no deeper blocks."""
        if width < _LEAST_WIDTH:
            raise NotNative("its ways nest too deeply")
        before, self.width = self.width, width
        try:
            yield
        finally:
            self.width = before

    # Operators -------------------------------------------------------------------------------------------------------

    def task(self, flow: StateFlow, form: TaskForm, takes_arguments: bool) -> NativeNode:
        """Make the task of a Task."""
        limits = self.limits(flow)
        if isinstance(form, FunctionForm):
            return self._call(flow, form, limits, takes_arguments)
        if not isinstance(form, OperatorForm):
            raise TypeError(f"{form!r} is no operator")
        jinja = JinjaWriter(self.find, self.find_mark)
        ordered = {name: value for name, value in form.arguments.items() if name not in form.row.constants}
        ordered |= form.arguments  # what no parameter of the Task says comes last
        arguments = {
            name: Code(self.producers[self.task_ids[value.state]])
            if name in form.computed
            else self._argument(value, jinja)
            for name, value in ordered.items()
        }
        if form.row.deferrable is not None and form.row.deferrable not in arguments:
            arguments[form.row.deferrable] = True
        module, _, name = form.row.operator.rpartition(".")
        return NativeNode(
            flow.name,
            self.task_ids[flow.name],
            "",
            "operator",
            operator=form.row.class_name,
            arguments=arguments | limits,
            imports=frozenset({(module, name), *duration_imports(limits)}),
        )

    def limits(self, flow: StateFlow) -> dict[str, Any]:
        """Return the arguments for the Retry and the timeouts of a Task."""
        state: Task = flow.state  # type: ignore[assignment]
        return retry_arguments(state.retry, self.versions) | timeout_arguments(state)

    def _argument(self, value: Any, jinja: JinjaWriter) -> Any:
        """Return an argument with Jinja where it is known only in a run."""
        if isinstance(value, dict):
            return {escape(name): self._argument(entry, jinja) for name, entry in value.items()}
        if isinstance(value, list):
            return [self._argument(item, jinja) for item in value]
        if isinstance(value, JsonText):
            return Wrapped(jinja.json_text(from_tree(value.value)))
        if isinstance(value, TextOf):
            return Wrapped(jinja.text_or_json(value.value))
        if isinstance(value, str):
            return self.constant(value, escape(value))
        return Wrapped(jinja.text(value)) if isinstance(value, Value) else value

    def constant(self, value: str, written: str) -> Any:
        """Return a text, or the constant at the top of the file that has it: for ARNs and placeholders."""
        if written != value or not (value.startswith("arn:") or value.startswith("${")):
            return Wrapped(written)
        if value not in self.constants:
            taken = {*self.constants.values()}
            preferred = constant_name(value)
            self.constants[value] = naming.free_name(preferred, taken)
        return Code(self.constants[value])

    # TaskFlow --------------------------------------------------------------------------------------------------------

    def function(
        self,
        state: str,
        key: str,
        body: Iterable[str],
        writer: PythonWriter | None = None,
        names: Mapping[str, str] | None = None,
        *,
        how: How = "taskflow",
        decorator: str = "task",
        arguments: dict[str, Any] | None = None,
        imports: Iterable[Import] = (),
        why: str = "",
    ) -> NativeNode:
        """Make a task that is a function.

        Args:
            state: the state that it runs, or beside which it stands.
            key: the key of its task.
            body: the lines of the function.
            writer: what has written its expressions; None where there are none.
            names: its parameters for results of tasks, by the task's id.
            how: how the state appears.
            decorator: ``task``, ``task.branch`` or ``task.sensor``.
            arguments: the decorator's.
            imports: what it needs beside what the expressions and the arguments need.
            why: the reason for it, for the report.
        """
        arguments = arguments or {}
        parameters: dict[str, str | None] = {name: self.producers[task_id] for task_id, name in (names or {}).items()}
        return NativeNode(
            state,
            self.task_ids[key],
            "",
            how,
            arguments=arguments,
            decorator=decorator,
            parameters=parameters | dict.fromkeys(writer.context if writer is not None else ()),
            body=tuple(body),
            imports=frozenset(
                {*imports, *duration_imports(arguments), *(writer.imports if writer is not None else ())}
            ),
            why=why,
        )

    def _call(self, flow: StateFlow, form: FunctionForm, limits: dict[str, Any], takes_arguments: bool) -> NativeNode:
        client = naming.variable(form.client)

        def write(writer: PythonWriter) -> list[str]:
            def use(parameters: Value, width: int) -> list[str]:
                with self.in_width(width):
                    lines = self._method_call(replace(form, parameters=parameters), writer)
                return return_lines(lines, form.returned, flow.name in self.marks, form.has_times, width)

            name, _, made = self.client_of(form, writer).partition(" = ")
            making = statement_lines(f"{name} = ", made, self.width)
            return [*making, *lines_by_way(form.parameters, writer, use, self.width, [client])]

        body, writer, names = self.written(takes_arguments, write)
        imports = [*imports_of(form), *([("json", "")] if form.has_times else [])]
        return self.function(flow.name, flow.name, body, writer, names, arguments=limits, imports=imports)

    def call_of(self, form: FunctionForm, writer: PythonWriter) -> list[str]:
        """Return the lines that make a client and, from the second on, call its method."""
        return [self.client_of(form, writer), *self._method_call(form, writer)]

    def _method_call(self, form: FunctionForm, writer: PythonWriter) -> list[str]:
        client = naming.variable(form.client)  # lambda is a word of Python
        if isinstance(form.parameters, Object):
            arguments = {name: self.python(value, writer) for name, value in form.parameters.members}
        else:
            arguments = {"**": Code(writer.expression(form.parameters))}
        return call_lines(f"{client}.{form.method}", arguments, self.width)

    def client_of(self, form: FunctionForm, writer: PythonWriter) -> str:
        """Return the line that makes a client."""
        made = f"AwsBaseHook(client_type={string(form.client)}).conn"
        if form.role is not None:
            made = f"{CLIENT_IN_ROLE}({string(form.client)}, {inline(self.python(form.role, writer))})"
        return f"{naming.variable(form.client)} = {made}"

    def python(self, value: Value, writer: PythonWriter) -> Any:
        """Return a tree of what a function writes, with `Code` where it is known only in a run."""
        if isinstance(value, Constant) and isinstance(value.value, str):
            text = self.constant(value.value, value.value)
            return text if isinstance(text, Code) else value.value
        if isinstance(value, Object) and value.base is None and whole_error(value) is None:
            return {name: self.python(entry, writer) for name, entry in value.members}
        if isinstance(value, Array):
            return [self.python(item, writer) for item in value.items]
        return Code(writer.expression(value), writer.lines_of(value) if isinstance(value, OneOf) else ())

    def written(
        self,
        takes_arguments: bool,
        write: Callable[[PythonWriter], Iterable[str]],
        variables: Iterable[str] = (),
        make: Callable[[], PythonWriter] | None = None,
    ) -> tuple[list[str], PythonWriter, dict[str, str]]:
        """Return the body of a function, what has written its expressions, and its parameters by task.

        What several expressions take from elsewhere is assigned to a variable first.

        Args:
            takes_arguments: whether the function may have results of other tasks as arguments.
            write: writes the body; it may be called twice.
            variables: those that the body sets itself.
            make: makes what writes its expressions, where it is no other than that of a task alone.
        """
        writer, names = (make(), {}) if make is not None else self.writer(takes_arguments)
        lines = list(write(writer))
        taken = {*names.values(), *writer.context, *variables}
        named: dict[str, str] = {}
        for text, task_id, key in writer.repeated():
            name = self.variables.get(task_id, "answer" if task_id else "")
            preferred = "_".join(filter(None, (name, ERROR_KEY if key == ERROR_KEY else "")))
            result = f"{preferred}_result"
            named[text] = result if preferred in taken and result not in taken else naming.free_name(preferred, taken)
            taken.add(named[text])
        if not named:
            return lines, writer, names
        writer, names = (make(), {}) if make is not None else self.writer(takes_arguments)
        writer.named = named
        lines = list(write(writer))
        taking = [line for text, name in named.items() for line in statement_lines(f"{name} = ", text, self.width)]
        return [*taking, *lines], writer, names

    def writer(self, takes_arguments: bool) -> tuple[PythonWriter, dict[str, str]]:
        """Return what writes the expressions of a function, and the names of its parameters by task; both grow."""
        names: dict[str, str] = {}

        def as_argument(task_id: str) -> str | None:
            if not takes_arguments or task_id not in self.producers or not self.is_certain(task_id):
                return None
            return names.setdefault(task_id, "result" if not names else f"{self.variables[task_id]}_result")

        return PythonWriter(self.find, self.find_mark, as_argument), names

    def choice(self, flow: StateFlow, targets: dict[str, str], takes_arguments: bool) -> NativeNode:
        """Make the branch of a Choice.

        Args:
            flow: the Choice.
            targets: the key of the task for the name of the next state.
            takes_arguments: whether the function may have results of other tasks as arguments.
        """
        is_asked = flow.name in self.marks
        body, writer, names = self.written(
            takes_arguments,
            lambda writer: choice_lines(flow, lambda name: self.chosen(targets, name), writer, self.width, is_asked),
        )
        does_fail = any(line.lstrip().startswith("raise ") for line in body)
        imports = [*moment_imports(body), *([fail_exception(self.versions)] if does_fail else [])]
        return self.function(
            flow.name, flow.name, body, writer, names, how="branch", decorator="task.branch", imports=imports
        )

    def chosen(self, targets: Mapping[str, str], name: str) -> str:
        """Return what a branch returns to choose the task of a state."""
        key = targets[name]
        return "None" if key == END else self.quoted(self.task_ids[key])

    def quoted(self, task_id: str) -> str:
        """Return the literal by which a branch names a task."""
        return string(task_id)

    def materialised(self, flow: StateFlow, takes_arguments: bool) -> NativeNode:
        """Make the task of a Pass whose value later tasks read."""
        state: Pass = flow.state  # type: ignore[assignment]
        value = constant(state.result) if "result" in state.model_fields_set else flow.effective
        body, writer, names = self.written(takes_arguments, lambda writer: self.lines_returning(value, writer))
        why = "ways that meet later build the value differently"
        return self.function(flow.name, flow.name, body, writer, names, why=why)

    def value_lines(self, value: Value, writer: PythonWriter) -> list[str]:
        """Return the lines that return a value."""
        return f"return {literal(self.python(value, writer), '', len('return '), self.width)}".split("\n")

    def lines_returning(self, value: Value, writer: PythonWriter) -> list[str]:
        """Return the lines that return a value, whichever way was taken; raises `NotNative` where nothing says it."""
        return lines_by_way(value, writer, lambda found, width: self._returning(found, writer, width), self.width)

    def _returning(self, value: Value, writer: PythonWriter, width: int) -> list[str]:
        """Return the lines that return a value; a JSON text that it needs more than once is parsed first."""
        with self.in_width(width):
            if any(isinstance(part, OneOf) for part in walk(value)):
                return self.value_lines(value, writer)
            return parsed_once(writer, lambda: self.value_lines(value, writer))

    def fail(self, flow: StateFlow, takes_arguments: bool) -> NativeNode:
        """Make the task of a Fail."""
        body, writer, names = self.written(takes_arguments, lambda writer: self.fail_lines(flow, writer))
        return self.function(flow.name, flow.name, body, writer, names, imports=[fail_exception(self.versions)])

    def fail_lines(self, flow: StateFlow, writer: PythonWriter) -> list[str]:
        """Return the statements of a Fail."""
        texts = [self.field_value(flow, name) for name in ("error", "cause")]
        return fail_lines([text for text in texts if text is not None], writer, self.width)

    def field_value(self, flow: StateFlow, name: str) -> Value | None:
        """Return the value of a field that has a variant with a path, or an expression in JSONata."""
        state = flow.state
        plain, path = getattr(state, name, None), getattr(state, f"{name}_path", None)
        if path is not None:
            return payload_value(path, flow.environment)
        if plain is None:
            return None
        is_jsonata = flow.language == "JSONata"
        return jsonata_template_value(plain, flow.environment) if is_jsonata else constant(plain)

    def always_failing(self, flow: StateFlow, why: str) -> NativeNode:
        """Make the task of a state that fails whatever its input is."""
        return self.function(
            flow.name,
            flow.name,
            raise_lines(string(f"States.Runtime: {why}"), self.width),
            imports=[fail_exception(self.versions)],
            why="it fails in Step Functions, too, whatever its input is",
        )

    # Waiting ---------------------------------------------------------------------------------------------------------

    def wait(self, flow: StateFlow) -> NativeNode:
        """Make the sensor of a Wait."""
        duration, moment = self.field_value(flow, "seconds"), self.field_value(flow, "timestamp")
        jinja = JinjaWriter(self.find, self.find_mark)
        if duration is None:
            target = jinja.text(moment or constant(""))
        else:
            # In Airflow 2 a task that dag.test() runs has no start_date.
            now = "macros.datetime.utcnow()" if self.versions.is_2 else "ti.start_date"
            target = f"{{{{ {now} + macros.timedelta(seconds={jinja.expression(duration)}) }}}}"
        module = f"airflow{'' if self.versions.is_2 else '.providers.standard'}.sensors.date_time"
        return NativeNode(
            flow.name,
            self.task_ids[flow.name],
            "",
            "sensor",
            operator="DateTimeSensorAsync",
            arguments={"target_time": Wrapped(target)},
            imports=frozenset({(module, "DateTimeSensorAsync")}),
        )
