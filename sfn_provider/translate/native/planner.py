"""Plans a native DAG: chooses a form for each state and makes the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sfn_provider.asl.model import Choice, Fail, Map, Pass, Task, Wait
from sfn_provider.translate.emit.literals import Code
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, StateFlow
from sfn_provider.translate.native.data_flow.values import Key, Source, always_absent, loop_result, marks_of, reads_of
from sfn_provider.translate.native.expressions.jinja import JinjaWriter
from sfn_provider.translate.native.items.loop_nodes import make_exits, make_loop
from sfn_provider.translate.native.items.map_nodes import (
    make_item_function,
    make_items,
    make_list,
    make_mapped,
    make_results,
)
from sfn_provider.translate.native.map_forms import map_form, task_of_map
from sfn_provider.translate.native.merges import Merge, find_input_merge, find_merge
from sfn_provider.translate.native.model import WIDTH, NativeDag, NativeNode, NotNative, NotPolling, Versions
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.parts.loop_parts import LoopPart
from sfn_provider.translate.native.planned_states import PlannedStates
from sfn_provider.translate.native.prepared_machine import PreparedMachine, values_of_state, words_of_parts
from sfn_provider.translate.native.routing.certain_tasks import CertainTasks
from sfn_provider.translate.native.routing.route_builder import build_routes
from sfn_provider.translate.native.routing.routes import RouteNode, Routes
from sfn_provider.translate.native.states.api_gateway import ApiForm
from sfn_provider.translate.native.states.caught_errors import names_error
from sfn_provider.translate.native.states.conditions import compared_values, rule_reads, rule_values, values_of_rule
from sfn_provider.translate.native.states.forms import FunctionForm, OperatorForm, TaskForm
from sfn_provider.translate.native.states.retries_and_timeouts import final_retriers
from sfn_provider.translate.native.states.task_forms import choose_call_form, choose_form
from sfn_provider.translate.native.tasks.control_nodes import make_catch, make_empty, make_guard, make_merge
from sfn_provider.translate.native.tasks.exact_nodes import make_exact
from sfn_provider.translate.native.tasks.nodes import NodeMaker
from sfn_provider.translate.native.tasks.poll_nodes import make_poll
from sfn_provider.translate.native.tasks.task_names import preferred_id, variable_of
from sfn_provider.translate.native.tasks.task_nodes import make_task
from sfn_provider.translate.plan import naming

Reads = dict[str, dict[tuple[Key, ...], None]]
"""The paths into the result of each state that tasks read."""


def plan_prepared(prepared: PreparedMachine, versions: Versions, nodes: type[NodeMaker] = NodeMaker) -> NativePlan:
    """Plan the native DAG of a machine that has been prepared.

    Args:
        prepared: the machine.
        versions: what it is made for.
        nodes: makes the tasks of states.

    Raises:
        ExceptionGroup: of `NotNative`: the states that cannot be said, with the reasons. A state that stays exact is
            among them where what it starts with cannot be said.
    """
    planner = _Planner(prepared.scope, versions, prepared.tasks_of_pass, prepared.polls, prepared.parts)
    planner.takes_any_input = prepared.takes_any_input
    return planner.plan(nodes)


@dataclass(slots=True)
class _Planner(PlannedStates):
    """Plans the DAG.

    Args:
        words_of_parts: the words in texts of states that read their documents by names, once they were asked for.
    """

    words_of_parts: frozenset[str] | None = None

    def plan(self, nodes: type[NodeMaker]) -> NativePlan:
        for flow in self.scope.walk():  # a loop has the name of its first state
            self.flows.setdefault(flow.name, flow)
        self.maps = {name: form for name, flow in self.flows.items() if (form := map_form(flow)) is not None}
        for name in self.maps:
            if name not in self.mapped:  # of Maps in one another the outermost
                self.mapped |= {inner.name: name for inner in self._inside(name)}
        for name, flow in self.flows.items():
            if isinstance(flow.state, LoopPart) and name not in self.loops and name not in self.mapped:
                self.loops |= {inner.name: name for inner in flow.scopes[0].walk()} | {name: name}
        routes = build_routes(self.scope, self.tasks_of_pass, self._collected())
        reads, marks = self._reads(routes)
        self.reads = {name: reads.get(name, {}) | self.loop_reads.get(name, {}) for name in self.flows}
        self._choose_forms(reads)
        self.chosen = routes.choices
        self._add_merges(routes)
        variables = self._name(routes)
        producers = {self.task_ids[key]: self._producer(key, variable) for key, variable in variables.items()}
        by_id = {self.task_ids[key]: variable for key, variable in variables.items()}
        maker = nodes(self.versions, self.find, self.find_mark, self.task_ids, producers, by_id)
        dag = NativeDag(self._make_all(routes, maker, variables, marks))
        positions = {key: position for position, key in enumerate(routes.nodes)}
        dag.edges = sorted((positions[left], positions[right]) for left, right in routes.edges)
        dag.constants = {name: value for value, name in maker.constants.items()}
        dag.groups = {group: naming.task_id(group) for node in routes.nodes.values() for group in node.groups}
        return NativePlan(
            dag,
            self.scope,
            self.flows,
            routes,
            self.forms,
            self.partial,
            self.with_error,
            self.failing,
            self.polls,
            self.mapped,
            self.maps,
            self.loops,
            self.parts,
        )

    def _make_all(
        self, routes: Routes, maker: NodeMaker, variables: Mapping[str, str], marks: set[str]
    ) -> list[NativeNode]:
        """Make the tasks, Choices last: what they have chosen is an XCom where others ask for it."""
        made: dict[str, NativeNode] = {}
        problems: list[NotNative] = []
        certain, links = CertainTasks(routes, self.task_ids), routes.links()
        choices = [key for key in routes.nodes if key in self.flows and isinstance(self.flows[key].state, Choice)]
        for key in [*(key for key in routes.nodes if key not in choices), *reversed(choices)]:
            node = routes.nodes[key]
            maker.is_certain, self.reader = partial(certain.has, key), node.state
            maker.marks = frozenset(marks | self.asked_choices)
            try:
                made[key] = self._make(node, routes, maker, takes_arguments=len(links.before[key]) <= 1)
            except NotNative as refusal:
                at = refusal.state if isinstance(refusal, NotPolling) else None
                problems.append(type(refusal)(refusal.why, at or node.state))
                continue
            made[key].variable, made[key].group = variables[key], node.groups
            made[key].trigger_rule = links.trigger_rule(key)
            if key in self.with_error or f"{key}\0catch" in routes.nodes:
                made[key].arguments["on_failure_callback"] = Code("push_error")
            own = self.flows[node.state].state.comment if node.kind == "state" else None
            made[key].comment = made[key].comment or own
        if problems:
            raise ExceptionGroup("not native", problems)
        return [made[key] for key in routes.nodes]

    def _inside(self, name: str) -> list[StateFlow]:
        """Return the states in a Map that its mapped task runs."""
        inside = [*self.flows[name].scopes[0].walk()] if self.maps[name] != "list" else []
        return [inner for inner in inside if self.maps[name] == "states" or isinstance(inner.state, Task)]

    def _collected(self) -> set[str]:
        """Return the Map states whose results tasks read."""
        values = [value for flow in self.scope.walk() for value in (*values_of_state(flow), *rule_values(flow))]
        values += [self.flows[name].effective for name in self.tasks_of_pass]
        read_in = {source.state for value in values for source, _ in reads_of(value) if source.kind == "result"}
        return read_in & set(self.maps)

    def _reads(self, routes: Routes) -> tuple[Reads, set[str]]:
        """Return which paths of which results the tasks read, and the states whose results mark a way.

        Sets `with_error`: the states whose errors are read.
        """
        reads: Reads = {}
        marks: set[str] = set()
        for flow in self.scope.walk():
            name = flow.name
            if name in routes.folded:
                continue
            values = values_of_state(flow)
            if isinstance(flow.state, Pass) and "result" not in flow.state.model_fields_set:
                values = [flow.effective]
            if isinstance(flow.state, Map):
                values = [flow.effective, *([flow.scopes[0].output] if name in self._collected() else [])]
            self._check_rules(flow)
            found = [read for value in values for read in reads_of(value)]
            for source, keys in (*found, *rule_reads(flow)):
                if source.kind == "result":
                    self.read_results.add(source.state)
                    found_reads = self.loop_reads if isinstance(flow.state, LoopPart) else reads
                    found_reads.setdefault(source.state, {})[keys] = None
                elif source.kind == "error":
                    self.with_error |= {error.state for error in self.tasks_of_error(source.state)}
                elif source.kind == "variables" and source.state in self.loops.values():
                    self.read_variables.setdefault(source.state, {})[str(keys[0])] = None
            found_marks = [mark for value in (*values, *rule_values(flow)) for mark in marks_of(value)]
            marks |= {mark.state for mark in found_marks if mark.kind == "result"}
            self.with_error |= {mark.state for mark in found_marks if mark.kind == "error"}
        self.read_results |= marks
        for poll in self.polls.values():
            for rule, _ in poll.rules:
                for value in values_of_rule(rule, self.flows[poll.choice]):
                    own = [keys for source, keys in reads_of(value) if source == Source("result", poll.task)]
                    reads.setdefault(poll.task, {}).update(dict.fromkeys(own))
        return reads, marks

    def _check_rules(self, flow: StateFlow) -> None:
        """Raise where a Choice compares what a DAG words in another way: an error, but for the name of a function's."""
        for value in compared_values(flow):
            for source, keys in reads_of(value):
                state = self.flows[source.state].state if source.kind == "error" else None
                if state is not None and not (keys == ("Error",) and isinstance(state, Task) and names_error(state)):
                    why = f"it compares the error of {source.state}, whose texts are other ones in Python"
                    raise ExceptionGroup("not native", [NotNative(why, flow.name)])

    def _choose_forms(self, reads: Reads) -> None:
        problems = []
        for name, flow in self.flows.items():
            if not isinstance(flow.state, Task) or name in self.loops:
                continue
            if self.maps.get(self.mapped.get(name, "")) == "states":
                continue
            absent = always_absent(flow.effective)
            if absent is not None:
                self.failing[name] = absent.why
                continue
            own, of_loops = reads.get(name, {}), self.loop_reads.get(name, {})
            try:
                try:
                    self.forms[name] = self._choose_form(flow, [*(own | of_loops)])
                except NotNative:
                    if not of_loops:
                        raise
                    self.forms[name] = self._choose_form(flow, [*own])  # the loop may read less than all that it gets
                self._check_names({name: self.forms[name]}, name)
            except NotNative as refusal:
                problems.append(type(refusal)(refusal.why, name))
        if problems:
            raise ExceptionGroup("not native", problems)

    def _choose_form(self, flow: StateFlow, reads: list[tuple[Key, ...]]) -> TaskForm:
        is_final = bool(final_retriers(flow.state.retry)) if isinstance(flow.state, Task) else False
        if is_final and flow.name in self.polls:
            raise NotPolling("some of its errors are not tried again, which a sensor does not tell from others")
        if is_final or flow.name in self.polls or flow.name in self.mapped:
            return choose_call_form(flow, reads, is_poll=flow.name in self.polls)
        return choose_form(flow, reads, self.versions)

    def _check_names(self, forms: Mapping[str, TaskForm], state: str) -> None:
        """Raise where states that read a whole result in the run may name in it what boto3 spells otherwise.

        Args:
            forms: the forms of Tasks by name.
            state: the state that cannot be said then.
        """
        for form in forms.values():
            for own, other in form.spelled_otherwise if isinstance(form, FunctionForm) else ():
                if other in self._named_in_parts():
                    raise NotNative(f"boto3 spells {other} as {own} in the response, and a state reads it", state)

    def _named_in_parts(self) -> frozenset[str]:
        if self.words_of_parts is None:
            self.words_of_parts = words_of_parts(self.scope)
        return self.words_of_parts

    def _add_merges(self, routes: Routes) -> None:
        """Put a task before each operator that is given what ways build too differently for a template."""
        self._name(routes)
        jinja = JinjaWriter(self.find, self.find_mark)
        problems = []
        for name, form in self.forms.items():
            if not isinstance(form, OperatorForm) or name not in routes.nodes:
                continue
            self.reader = name
            try:
                merge = find_merge(name, form, jinja.json_text)
            except NotNative as refusal:
                if not self._takes_call(name):
                    problems.append(NotNative(refusal.why, name))
                continue
            if merge is not None and merge.form is not None:
                self.forms[name] = merge.form
                self._add_merge(name, merge, routes)
        if problems:
            raise ExceptionGroup("not native", problems)
        for name in self.parts:
            if name not in routes.nodes:
                continue  # it is within a function, which refuses it
            merge = find_input_merge(name, self.flows[name].effective, jinja.json_text)
            if merge is not None:
                self._add_merge(name, merge, routes)

    def _takes_call(self, name: str) -> bool:
        """Let a function call what an operator cannot be given; return whether one can."""
        try:
            form = choose_call_form(self.flows[name], [*self.reads.get(name, {})])
        except NotNative:
            return False
        if not isinstance(form, FunctionForm):
            return False
        self.forms[name] = form
        return True

    def _add_merge(self, name: str, merge: Merge, routes: Routes) -> None:
        self.merges[merge.key] = merge
        routes.insert_on_all_ways(RouteNode(merge.key, "merge", name, routes.nodes[name].groups), name)

    def _name(self, routes: Routes) -> dict[str, str]:
        """Set the ids of the tasks; return their variables."""
        preferred = {key: preferred_id(node) for key, node in routes.nodes.items()}
        order = sorted(preferred, key=lambda key: routes.nodes[key].kind != "state")
        self.task_ids = naming.unique(order, preferred)
        groups = {group: naming.task_id(group) for node in routes.nodes.values() for group in node.groups}
        taken = set(groups.values())
        for key, task_id in self.task_ids.items():
            if task_id in taken:
                self.task_ids[key] = f"{task_id}_task"
        variables = {key: variable_of(task_id) for key, task_id in self.task_ids.items()}
        return naming.unique(order, variables)

    def _producer(self, key: str, variable: str) -> str:
        """Return the text of a task's result as an argument of a function."""
        is_operator = key in self.parts or isinstance(self.forms.get(key), OperatorForm)
        return f"{variable}.output" if is_operator else f"{variable}_task"

    def _make(self, node: RouteNode, routes: Routes, maker: NodeMaker, *, takes_arguments: bool) -> NativeNode:
        if node.kind == "guard":
            return make_guard(maker, node)
        if node.kind == "catch":
            return make_catch(maker, node, self.flows[node.state], routes.choices[node.key])
        if node.kind not in ("state", "items", "results", "merge", "exits"):
            return make_empty(maker, node)
        flow = self.flows[node.state]
        maker.width = WIDTH - 4 * (2 + len(node.groups))
        if node.kind == "merge":
            return make_merge(maker, node, self.merges[node.key], takes_arguments)
        if isinstance(flow.state, LoopPart):
            return self._make_loop(flow, node, routes, maker, takes_arguments)
        if isinstance(flow.state, ExactPart):
            merged = self.task_ids.get(f"{flow.name}\0input")
            return make_exact(maker, flow, routes.choices.get(node.key), maker.producers.get(merged or ""))
        if isinstance(flow.state, Map):
            return self._make_map(flow, node, maker, takes_arguments)
        if node.key in self.failing:
            return maker.always_failing(flow, self.failing[node.key])
        if isinstance(flow.state, Task) and node.key in self.polls:
            return self._make_poll(flow, maker, takes_arguments)
        form = self.forms.get(node.key)
        if form is not None:
            return make_task(maker, flow, form, takes_arguments, flow.name in self.read_results)
        if isinstance(flow.state, Choice):
            return maker.choice(flow, routes.choices[node.key], takes_arguments)
        if isinstance(flow.state, Wait):
            return maker.wait(flow)
        if isinstance(flow.state, Fail):
            return maker.fail(flow, takes_arguments)
        if isinstance(flow.state, Pass):
            return maker.materialised(flow, takes_arguments)
        raise NotNative(f"a {flow.state.type} has no native form")

    def _make_loop(
        self, flow: StateFlow, node: RouteNode, routes: Routes, maker: NodeMaker, takes_arguments: bool
    ) -> NativeNode:
        if node.kind == "exits":
            return make_exits(maker, flow, node, routes.choices[node.key])
        is_read = loop_result(flow.name).state in self.read_results
        evaluator = Evaluator(self.scope.model.query_language or "JSONPath")
        variables = tuple(self.read_variables.get(flow.name, ()))
        made, calls = make_loop(maker, flow, evaluator, self.polls, takes_arguments, is_read, variables)
        self._check_names(calls.forms, flow.name)
        self.forms |= calls.forms
        self.partial |= calls.whole
        return made

    def _make_map(self, flow: StateFlow, node: RouteNode, maker: NodeMaker, takes_arguments: bool) -> NativeNode:
        is_read = flow.name in self._collected()
        if node.kind == "items":
            return make_items(maker, flow, node, takes_arguments)
        if node.kind == "results":
            return make_results(maker, flow, node, maker.producers[self.task_ids[flow.name]])
        evaluator = Evaluator(self.scope.model.query_language or "JSONPath")
        if self.maps[flow.name] == "list":
            return make_list(maker, flow, evaluator, takes_arguments)
        items = maker.producers[self.task_ids[f"{flow.name}\0items"]]
        if self.maps[flow.name] == "states":
            made, calls = make_item_function(maker, flow, evaluator, self.polls, items, is_read)
            self._check_names(calls.forms, flow.name)
            self.forms |= calls.forms
            self.partial |= calls.whole
            return made
        inner = task_of_map(flow)
        form = self.forms.get(inner.name) if inner is not None else None
        if inner is None or form is None or isinstance(form, OperatorForm | ApiForm):
            raise NotNative("its Task fails whatever the items are")
        return make_mapped(maker, flow, inner, form, items, is_read)

    def _make_poll(self, flow: StateFlow, maker: NodeMaker, takes_arguments: bool) -> NativeNode:
        poll, form = self.polls[flow.name], self.forms[flow.name]
        if isinstance(form, OperatorForm | ApiForm):
            raise TypeError(f"{form!r} does not ask again")
        is_read = flow.name in self.read_results
        return make_poll(maker, flow, self.flows[poll.choice], poll, form, takes_arguments, is_read)
