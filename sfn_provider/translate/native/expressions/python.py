"""Writes symbolic values as Python expressions, for TaskFlow functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sfn_provider.translate.emit.literals import inline, string
from sfn_provider.translate.native.data_flow.call_names import (
    ATTRIBUTE_LIST,
    ATTRIBUTE_MAP,
    ATTRIBUTE_OF,
    MEMBER_OF_EACH,
    SLICE,
    TEMPLATE,
    TEXT_OF,
)
from sfn_provider.translate.native.data_flow.templates import format_parts
from sfn_provider.translate.native.data_flow.values import (
    NO_OBJECT,
    Absent,
    Call,
    Constant,
    Key,
    Member,
    Object,
    OneOf,
    Source,
    Unresolved,
    Value,
    as_json,
    steps_of,
)
from sfn_provider.translate.native.expressions.conditions import joined_conditions, negated, without_brackets
from sfn_provider.translate.native.expressions.places import ERROR_KEY, ValuePlace
from sfn_provider.translate.native.expressions.writer import (
    ExpressionWriter,
    common_error,
    each_of,
    ordered_alternatives,
    slice_of,
)
from sfn_provider.translate.native.model import Import, NotNative
from sfn_provider.xcom_json import INPUT_KEY


@dataclass(slots=True)
class PythonWriter(ExpressionWriter):
    """Writes values as Python, and collects what the expressions need.

    Args:
        find: as for the base.
        find_mark: as for the base.
        as_argument: returns the name of the parameter that has the result of a task; None where the function has to
            pull it.
        imports: what the expressions import.
        context: what they need of Airflow's context, by name.
        named: variables that have what is taken from elsewhere, by the text that takes it.
        counts: how often what is taken from elsewhere was written, with the task from which it is and the key of its
            XCom, by its text.
        parsed: how often a JSON text was parsed, by the expression.
        has_ways: whether a value was written that differs by the way that was taken.
    """

    as_argument: Callable[[str], str | None] = lambda task_id: None
    imports: set[Import] = field(default_factory=set)
    context: dict[str, None] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    counts: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    parsed: dict[str, int] = field(default_factory=dict)
    has_ways: bool = False

    def is_present(self, value: Value) -> str:
        """Return the test whether a value is there; ``True`` or ``False`` where it is known.

        Raises:
            NotNative: Python cannot say it in one expression that means the same.
        """
        if isinstance(value, Unresolved):
            raise NotNative(value.why)
        if isinstance(value, Call) and not value.name.startswith(("States.", TEMPLATE)):
            raise NotNative(f"whether {self.name_of(value)} finds anything is known only in a run")
        if isinstance(value, OneOf):
            return self._is_present_on_its_way(value)
        start, keys = steps_of(value)
        is_of_error = isinstance(start, Source) and start.kind == "error" and len(keys) == 1  # it has all of them
        if isinstance(value, Member) and not is_of_error:
            return self._has_member(value.base, value.key)
        return str(not isinstance(value, Absent))

    def _is_present_on_its_way(self, value: OneOf) -> str:
        """Return the test for one of several values: whether it is there depends on the way that was taken."""
        tests = {mark: self.is_present(entry) for mark, entry in value.alternatives}
        if len(tests) < len(value.alternatives):
            raise NotNative("ways that meet here build the value differently, and nothing says which was taken")
        if len({*tests.values()}) == 1:
            return tests[value.alternatives[0][0]]
        unknown = [(mark, test) for mark, test in tests.items() if test not in ("True", "False")]
        unknown.sort(key=lambda entry: entry[0] is None)
        default = unknown.pop()[1] if unknown else tests.get(None, "False")
        for mark, test in reversed([entry for entry in unknown if entry[1] != default]):
            default = f"({test} if {self.was_taken(mark)} else {default})"  # type: ignore[arg-type]  # None is last
        marked = {mark: test for mark, test in tests.items() if mark is not None}
        missing = [negated(self.was_taken(mark)) for mark, test in marked.items() if test == "False" != default]
        present = [self.was_taken(mark) for mark, test in marked.items() if test == "True" != default]
        otherwise = joined_conditions([*missing, *([] if default in ("True", "False") else [default])], "and")
        return " or ".join(joined_conditions([*present, *([" and ".join(otherwise)] if otherwise else [])], "or"))

    def _has_member(self, value: Value, name: Key) -> str:
        """Return the test whether an object has a member, or an array an item; ``True`` or ``False`` where it is known.

        Args:
            value: the object or the array.
            name: the member, or the index of the item.
        """
        start, keys = steps_of(value)
        if isinstance(start, Source):
            place = self.find(start, keys)
            if isinstance(place.value, Object) and place.value.base is None:
                return str(any(member == name for member, _ in place.value.members))
            if place.value is not None:
                return self._has(self.expression(place.value), name)
            if place.is_any_input and isinstance(name, int):
                raise NotNative(NO_OBJECT)
            text, keys = self._root(replace(place, is_any_input=False)), place.path
        else:
            text = self.expression(start)
        for key, following in pairwise((*keys, "")):
            if following == 0 and isinstance(key, str):
                text = f"({text}.get({inline(key)}) or [{{}}])"
            elif key == 0 and text.endswith(" or [{}])"):
                text += "[0]"
            elif isinstance(key, str):
                text += f".get({inline(key)}, {{}})"
            else:
                raise NotNative("IsPresent leads through an array")
        return self._has(text, name)

    @staticmethod
    def _has(text: str, key: Key) -> str:
        return f"len({text}) > {key}" if isinstance(key, int) else f"{inline(key)} in {text}"

    def is_json(self, value: Value) -> str | None:
        """Return the expression of a value's JSON text, where a task has just that; else None."""
        start, keys = steps_of(value)
        place = self.find(start, keys) if isinstance(start, Source) else None
        return self._result(place) if place is not None and place.form == "json" and not place.path else None

    def _found(self, place: ValuePlace) -> str:
        if place.value is not None:
            return self.expression(place.value)
        return self._root(place) + subscripts(place.path)

    def _subscripts(self, keys: tuple[Key, ...]) -> str:
        return subscripts(keys)

    def _literal(self, value: Constant) -> str:
        return inline(value.value)

    def _root(self, place: ValuePlace) -> str:
        if place.expression is not None:
            self.context[place.expression[1]] = None
            return place.expression[0]
        if not place.task_id:
            self.context["params"] = None
            return f"params.get({string(INPUT_KEY)}, params)" if place.is_any_input else "params"
        text = self._result(place)
        is_argument = bool(text) and self.as_argument(place.task_id) == text  # what is pulled may not be there
        if place.form == "json":
            self.imports.add(("json", ""))
            parsed = f"json.loads({text})"
            self.parsed[parsed] = self.parsed.get(parsed, 0) + 1
            if parsed in self.named:
                return self.named[parsed]
            return self._taken(parsed, place) if is_argument else parsed
        return text

    def repeated(self) -> list[tuple[str, str, str]]:
        """Return the texts that take something from elsewhere more than once, with its task and the key of its XCom."""
        found = [(text, task_id, key) for text, (count, task_id, key) in self.counts.items() if count > 1]
        # A result that only some ways have is None on the others, which is no JSON text.
        return [entry for entry in found if not (self.has_ways and entry[0].startswith("json.loads("))]

    def was_taken(self, mark: Source) -> str:
        """Return the test whether a way was taken."""
        self.has_ways = True
        place = self.find_mark(mark)
        if place.names:
            name = f'({self._pull(place)} or {{}}).get("Error")'
            names = [*([None] if place.excludes else []), *place.names]
            if len(names) == 1:
                return f"{name} == {string(place.names[0])}"
            return f"{name} {'not in' if place.excludes else 'in'} ({', '.join(map(inline, names))})"
        return f"{self._pull(place)} {'is not None' if place.equals is None else f'== {string(place.equals)}'}"

    def _taken(self, text: str, place: ValuePlace) -> str:
        self.counts[text] = (self.counts.get(text, (0, "", ""))[0] + 1, place.task_id, place.xcom)
        return self.named.get(text, text)

    def _result(self, place: ValuePlace) -> str:
        name = self.as_argument(place.task_id) if place.xcom == "return_value" else None
        return self._pull(place) if name is None else name

    def _pull(self, place: ValuePlace) -> str:
        self.context["ti"] = None
        key = "" if place.xcom == "return_value" else f", key={string(place.xcom)}"
        if place.is_mapped:
            pulled = f"ti.xcom_pull(task_ids=[{string(place.task_id)}]{key})"
            return self._taken(f"next(filter(None, {pulled}), None)", place)
        return self._taken(f"ti.xcom_pull(task_ids={string(place.task_id)}{key})", place)

    def _object(self, value: Object) -> str:
        start, keys = steps_of(value) if value.base is None else steps_of(value.base)
        known = self.find(start, keys).value if isinstance(start, Source) else None
        if isinstance(known, Object):
            return self._object(Object(tuple({**dict(known.members), **dict(value.members)}.items()), known.base))
        parts = [f"{string(name)}: {self.expression(entry)}" for name, entry in value.members]
        if value.base is not None:
            parts.insert(0, f"**{self._possible(value.base)}")
        return f"{{{', '.join(parts)}}}"

    def _one_of(self, value: OneOf) -> str:
        lines = self.lines_of(value)
        return f"({' '.join(lines)})" if len(lines) > 1 else lines[0]

    def lines_of(self, value: OneOf) -> tuple[str, ...]:
        """Return the expression of one of several values in lines, as ruff lays it out."""
        errors = common_error(value)
        if errors is not None:
            self.context["ti"] = None
            task_ids = ", ".join(map(string, self.error_tasks(errors[0])))
            text = f"next(filter(None, ti.xcom_pull(task_ids=[{task_ids}], key={string(ERROR_KEY)})), None)"
            self.counts[text] = (2, "", ERROR_KEY)  # long enough for a variable
            return (self.named.get(text, text) + subscripts(errors[1]),)
        *marked, (_, last) = ordered_alternatives(value)
        lines: list[str] = []
        for mark, alternative in marked:
            if mark is not None:
                test = f"if {self.was_taken(mark)}"
                lines += [f"{'else ' if lines else ''}{self.expression(alternative)}", test]
        return (*lines, f"{'else ' if lines else ''}{self.expression(last)}")

    def _call(self, call: Call) -> str:
        if call.name == "States.Format":
            return self._format(call)
        if call.name == MEMBER_OF_EACH:
            array, names = each_of(call)
            return f"[entry{subscripts(names)} for entry in {self.expression(array)}]"
        if call.name == SLICE:
            return self.expression(call.arguments[0]) + slice_of(call)
        if call.name == TEMPLATE:
            return self._template(str(as_json(call.arguments[0])))
        if call.name == "&":
            return self._joined(call.arguments)
        if call.name == "$exists":
            return self.is_present(call.arguments[0])
        if call.name in ("and", "or"):
            texts = [without_brackets(self.expression(part)) for part in _operands(call)]
            return f"({f' {call.name} '.join(joined_conditions(texts, call.name))})"
        if call.name == TEXT_OF and self._is_container(call.arguments[0]):
            call = Call("States.JsonToString", call.arguments)
        call = self.plain_call(call)
        text, imports = CALLS.get(call.name, ("", ()))
        if (
            call.name in ("=", "!=")
            and isinstance(call.arguments[-1], Constant)
            and isinstance(call.arguments[-1].value, bool)
        ):
            text = "({} is {})" if call.name == "=" else "({} is not {})"  # for Python, 1 == True
        text = text.replace("{*}", ", ".join(["{}"] * len(call.arguments)))
        if not text or len(call.arguments) != (len(set(re.findall(r"\{\d\}", text))) or text.count("{}")):
            raise NotNative(f"{self.name_of(call)} has no Python that means the same")
        self.imports.update(imports)
        return text.format(*map(self.expression, call.arguments))

    def _is_container(self, value: Value) -> bool:
        start, keys = steps_of(value)
        return isinstance(start, Source) and self.find(start, keys).is_container

    def _template(self, expression: str) -> str:
        """Return what a Jinja expression is in Python, where it is a name of Airflow's context, with attributes."""
        found = re.fullmatch(r"([a-z_]+)(\.[a-z_]+)*", expression)
        if found is None:
            raise NotNative(f"the template {expression} is for templated arguments alone")
        self.context[found[1]] = None
        return expression

    def _format(self, call: Call) -> str:
        return self._joined(format_parts(call))

    def _joined(self, parts: tuple[Value, ...]) -> str:
        """Return the text of some parts one after the other."""
        parts = tuple(_flat_parts(parts))
        texts = [part.value if _is_text(part) else None for part in parts]  # type: ignore[union-attr]
        values = [self.expression(part) for part in parts if not _is_text(part)]
        template = "".join("{}" if text is None else text.replace("{", "{{").replace("}", "}}") for text in texts)
        if not values:
            return string("".join(text or "" for text in texts))
        literal = string(template)
        if literal[0] == '"' and all(not set(value) & set("'\\{}") for value in values):
            fields = ["{" + value.replace('"', "'") + "}" for value in values]
            pieces = re.split(r"(?<!\{)\{\}(?!\})", literal)
            if len(pieces) == len(fields) + 1:
                return "f" + "".join(piece + field for piece, field in zip(pieces, [*fields, ""], strict=True))
        return f"{literal}.format({', '.join(values)})"


def _operands(call: Call) -> Iterator[Value]:
    """Iterate over what an operator of JSONata joins, also where it was written several times."""
    for part in call.arguments:
        if isinstance(part, Call) and part.name == call.name:
            yield from _operands(part)
        else:
            yield part


def _flat_parts(parts: Iterable[Value]) -> Iterator[Value]:
    """Iterate over the parts of a text, of texts among them over their parts."""
    for part in parts:
        if isinstance(part, Call) and part.name == "States.Format":
            yield from _flat_parts(format_parts(part))
        elif isinstance(part, Call) and part.name == "&":
            yield from _flat_parts(part.arguments)
        else:
            yield part


def _is_text(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, str)


_JSON: tuple[Import, ...] = (("json", ""),)
CALLS: dict[str, tuple[str, tuple[Import, ...]]] = {
    "States.UUID": ("str(uuid4())", (("uuid", "uuid4"),)),
    "States.StringToJson": ("json.loads({})", _JSON),
    "States.JsonToString": ('json.dumps({}, separators=(",", ":"), ensure_ascii=False)', _JSON),
    "States.ArrayLength": ("len({})", ()),
    "States.ArrayContains": ("({1} in {0})", ()),
    "States.ArrayGetItem": ("{}[{}]", ()),
    "States.ArrayRange": ("list(range({*}))", ()),
    "States.StringSplit": ("[part for part in {0}.split({1}) if part]", ()),
    "States.Base64Encode": ("base64.b64encode({}.encode()).decode()", (("base64", ""),)),
    "States.MathAdd": ("({} + {})", ()),
    "States.JsonMerge": ("{{**{0}, **{1}}}", ()),
    "=": ("({} == {})", ()),
    "!=": ("({} != {})", ()),
    "<": ("({} < {})", ()),
    "<=": ("({} <= {})", ()),
    ">": ("({} > {})", ()),
    ">=": ("({} >= {})", ()),
    "in": ("({} in {})", ()),
    "+": ("({} + {})", ()),
    "-": ("({} - {})", ()),
    "*": ("({} * {})", ()),
    "/": ("({} / {})", ()),
    "?": ("({1} if {0} else {2})", ()),
    "$string": ("({0} if isinstance({0}, str) else json.dumps({0}))", _JSON),
    "$count": ("len({})", ()),
    "$length": ("len({})", ()),
    "$not": ("(not {})", ()),
    "$lowercase": ("{}.lower()", ()),
    "$uppercase": ("{}.upper()", ()),
    "$contains": ("({1} in {0})", ()),
    TEXT_OF: (
        '({0} if isinstance({0}, str) else json.dumps({0}, separators=(",", ":"), ensure_ascii=False))',
        _JSON,
    ),
    ATTRIBUTE_OF: ("attribute({})", ()),
    ATTRIBUTE_MAP: ("attributes({})", ()),
    ATTRIBUTE_LIST: ("[attribute(value) for value in {}]", ()),
}
"""The Python of functions and operators whose meaning is the same, and what it imports."""


def subscripts(keys: tuple[Key, ...]) -> str:
    """Return the steps of a path as Python subscripts."""
    return "".join(f"[{inline(key)}]" for key in keys)
