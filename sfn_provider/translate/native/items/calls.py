"""Writes the calls that the Tasks of a Map's item make."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfn_provider.asl.model import Task
from sfn_provider.translate.emit.expression_layout import lay_out_expression
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Key, Member, Object, Source, Value, reads_of
from sfn_provider.translate.native.expressions.conditions import negated
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter, subscripts
from sfn_provider.translate.native.expressions.python_layout import indented, statement_lines
from sfn_provider.translate.native.model import Import, NotNative
from sfn_provider.translate.native.states.caught_errors import final_condition
from sfn_provider.translate.native.states.forms import FunctionForm, JobForm, LambdaForm
from sfn_provider.translate.native.states.retries_and_timeouts import effective_retrier
from sfn_provider.translate.native.states.task_forms import choose_call_form
from sfn_provider.translate.native.tasks.call_lines import invocation_lines
from sfn_provider.translate.native.tasks.job_lines import answer_lines, imports_of_job, start_lines, waiting_lines
from sfn_provider.translate.native.tasks.node_imports import LAMBDA_HOOK, imports_of
from sfn_provider.translate.native.tasks.nodes import NodeMaker

_TENACITY = "tenacity"


@dataclass(slots=True)
class ItemCalls:
    """Writes calls; what is read of their results is known after they were written once.

    Args:
        maker: makes what all tasks need.
        forms: the forms of the Tasks by name, as they were written last.
        reads: the paths into the result of each Task that were read; grows.
        known: those paths when all was written the last time; None before.
        clients: the lines that make clients, by their variable.
        imports: what the calls import.
        refused: why the whole result of a Task cannot be said, as it was found last.
        unsaid: the reason for one that is read nevertheless.
        whole: the Tasks of which more than the function's answer is read.
    """

    maker: NodeMaker
    forms: dict[str, FunctionForm | LambdaForm] = field(default_factory=dict)
    reads: dict[str, dict[tuple[Key, ...], None]] = field(default_factory=dict)
    known: dict[str, dict[tuple[Key, ...], None]] | None = None
    clients: dict[str, str] = field(default_factory=dict)
    imports: set[Import] = field(default_factory=set)
    refused: dict[str, NotNative] = field(default_factory=dict)
    unsaid: NotNative | None = None
    whole: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Forget what was written, but not what was read of the results."""
        self.known, self.reads = self.reads if self.forms else None, {}
        self.forms, self.clients, self.imports, self.whole = {}, {}, set(), set()
        self.refused, self.unsaid = {}, None

    def check(self) -> None:
        """Raise `NotNative` where a whole result is read that cannot be said."""
        if self.unsaid is not None:
            raise self.unsaid

    def place(self, name: str, variable: str, keys: tuple[Key, ...]) -> ValuePlace:
        """Return where a path of a Task's result is, and take note that it is read."""
        self.reads.setdefault(name, {})[keys] = None
        form = self.forms[name]
        if not keys and name in self.refused:
            self.unsaid = self.refused[name]
        if isinstance(form, LambdaForm) and form.prefix and not keys:
            self.whole.add(name)
            answer: Value = Member(Source("result", name), form.prefix[0])
            return ValuePlace("", value=Object(((str(form.prefix[0]), answer),)))
        if self.known is None or (isinstance(form, FunctionForm) and keys not in form.reads):
            return ValuePlace(variable, path=keys)  # it is written once more
        return form.place(variable, keys)

    def write(self, flow: StateFlow, writer: PythonWriter, variable: str | None) -> list[str]:
        """Return the lines of the call of a Task.

        Args:
            flow: the Task.
            writer: writes its parameters.
            variable: the variable for the result; None where nobody reads it.

        Raises:
            NotNative: no short call does what the Task does.
        """
        state: Task = flow.state  # type: ignore[assignment]
        retrier = effective_retrier(state.retry)
        with self.maker.in_width(self.maker.width - (8 if retrier is not None else 0)):
            lines = self._call(flow, writer, variable)
        if retrier is None:
            return lines
        self.imports |= {(_TENACITY, "Retrying"), (_TENACITY, "stop_after_attempt")}
        wait = f"wait_fixed({_number(retrier.interval_seconds)})"
        if retrier.backoff_rate != 1 and retrier.max_attempts > 1:
            limit = "" if retrier.max_delay_seconds is None else f", max={_number(retrier.max_delay_seconds)}"
            rate = "" if retrier.backoff_rate == 2 else f", exp_base={_number(retrier.backoff_rate)}"
            wait = f"wait_exponential(multiplier={_number(retrier.interval_seconds)}{limit}{rate})"
        self.imports.add((_TENACITY, wait.partition("(")[0]))
        again = ""
        if final := final_condition(state):
            self.imports.add((_TENACITY, "retry_if_exception"))
            again = f"retry=retry_if_exception(lambda error: isinstance(error, Exception) and {negated(final)}), "
        made = f"Retrying({again}stop=stop_after_attempt({retrier.max_attempts + 1}), wait={wait}, reraise=True)"
        head = f"for attempt in {lay_out_expression(made, '', len('for attempt in :'), self.maker.width)}:"
        return [*head.split("\n"), "    with attempt:", *indented(indented(lines))]

    def _call(self, flow: StateFlow, writer: PythonWriter, variable: str | None) -> list[str]:
        reads = list((self.known or {}).get(flow.name, {}))
        form = self.forms[flow.name] = choose_call_form(flow, [keys for keys in reads if keys])
        if isinstance(form, FunctionForm) and () in reads:
            try:
                form = self.forms[flow.name] = choose_call_form(flow, reads)
            except NotNative as refusal:  # it may be in a variable that turns out to be read by nobody
                self.refused[flow.name] = refusal
        start = "" if variable is None else f"{variable} = "
        self._check_names(flow)
        if isinstance(form, LambdaForm):
            return self._invocation(form, writer, start)
        self.imports.update(imports_of(form))
        if isinstance(form, JobForm):
            return self._job(form, writer, variable)
        making, *lines = self.maker.call_of(form, writer)
        client, _, made = making.partition(" = ")
        before: list[str] = []
        if form.role is None:
            self.clients[client] = making
        else:  # what the role is may be known only here
            before += statement_lines(f"{client}_in_role = ", made, self.maker.width)
            lines[0] = f"{client}_in_role{lines[0].removeprefix(client)}"
        if variable is not None and form.returned is not None:
            lines = self._assigned(form, variable, lines)
        return [*before, *lines]

    def _job(self, form: JobForm, writer: PythonWriter, variable: str | None) -> list[str]:
        making = self.maker.client_of(form, writer)
        self.clients[making.partition(" = ")[0]] = making
        self.imports.update(imports_of_job(form))
        lines = [*start_lines(self.maker, form, writer), *waiting_lines(self.maker, form, writer)]
        return [*lines, *(answer_lines(form, variable, self.maker.width) if variable is not None else [])]

    def _check_names(self, flow: StateFlow) -> None:
        """Raise where a call is given another one's result in which boto3 spells names otherwise."""
        for source, keys in reads_of(flow.effective):
            form = self.forms.get(source.state) if source.kind == "result" else None
            if isinstance(form, FunctionForm) and form.other_names.get(keys):
                own, other = form.other_names[keys][0]
                raise NotNative(f"it calls with a result in which boto3 spells {other} as {own}", flow.name)

    def _assigned(self, form: FunctionForm, variable: str, lines: list[str]) -> list[str]:
        """Return the lines of a call whose answer, as a Task's result, is in a variable."""
        lines = [f"{variable} = {lines[0]}", *lines[1:]]
        lines[-1] += subscripts(form.returned or ())
        lines += [f'{variable}.pop("ResponseMetadata")'] if form.returned == () else []
        if form.has_times:
            self.imports.add(("json", ""))
            text = f"json.loads(json.dumps({variable}, default=str))"
            lines += statement_lines(f"{variable} = ", text, self.maker.width)
        return lines

    def _invocation(self, form: LambdaForm, writer: PythonWriter, start: str) -> list[str]:
        self.imports |= {LAMBDA_HOOK, ("json", "")}
        return invocation_lines(self.maker, form, writer, start)


def _number(value: float) -> str:
    return str(int(value) if value == int(value) else value)
