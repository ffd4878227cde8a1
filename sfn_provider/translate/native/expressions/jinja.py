"""Writes symbolic values as Jinja, for the templated fields of operators.

What stands in a definition is never a template: braces in it are escaped.
"""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import dataclass, replace

from sfn_provider.translate.emit.literals import inline
from sfn_provider.translate.native.data_flow.call_names import MEMBER_OF_EACH, SLICE, TEMPLATE
from sfn_provider.translate.native.data_flow.templates import format_parts
from sfn_provider.translate.native.data_flow.values import (
    NO_OBJECT,
    Array,
    Call,
    Constant,
    Key,
    Object,
    OneOf,
    Source,
    Value,
    as_json,
    is_constant,
    steps_of,
)
from sfn_provider.translate.native.expressions.places import ERROR_KEY, ValuePlace
from sfn_provider.translate.native.expressions.writer import (
    ExpressionWriter,
    common_error,
    each_of,
    ordered_alternatives,
    slice_of,
    whole_error,
)
from sfn_provider.translate.native.model import NotNative
from sfn_provider.xcom_json import INPUT_KEY

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METHODS = frozenset(name for name in dir({}) if not name.startswith("__"))
"""Names that Jinja would take for the method of a dict where they follow a dot."""

_OF_CALLS = ("_loop_vars", "_block_vars", "_Context__", "_SandboxedEnvironment__")
"""How keyword arguments start that Jinja's own call takes, and does not pass on."""

_OPENINGS = re.compile(r"\{(?=[{%#])")


def _is_word(name: str) -> bool:
    """Return whether a member can be a keyword argument."""
    is_name = _IDENTIFIER.fullmatch(name) is not None and not name.startswith("_")
    return is_name and not keyword.iskeyword(name)


def escape(text: str) -> str:
    """Return text for a templated field that Jinja leaves as it is.

    Jinja turns carriage returns into line feeds, and drops a line feed at the end.
    """
    text = _OPENINGS.sub("{{ '{' }}", text).replace("\r", "{{ '\\r' }}")
    return text[:-1] + "{{ '\\n' }}" if text.endswith("\n") else text


def escape_json(text: str) -> str:
    """Return JSON text that Jinja leaves as it is: braces in strings that could open a template are escaped as JSON."""
    return re.sub(r"\{([{%#])", lambda found: f"{{\\u{ord(found[1]):04x}", text)


@dataclass(slots=True)
class JinjaWriter(ExpressionWriter):
    """Writes values as Jinja expressions, without braces, and as templates.

    Args:
        find: as for the base.
        find_mark: as for the base.
        quote: the quotes of string literals.
    """

    quote: str = "'"

    def text(self, value: Value) -> str:
        """Return the template of a text: a string, or the text of another value.

        Raises:
            NotNative: Jinja cannot say the value.
        """
        if isinstance(value, Constant) and isinstance(value.value, str):
            return escape(value.value)
        if isinstance(value, Call) and value.name in ("States.Format", "&"):
            parts = format_parts(value) if value.name == "States.Format" else value.arguments
            return "".join(map(self.text, parts))
        if isinstance(value, Object | Array):
            return self.json_text(value)
        if isinstance(value, Call) and value.name == "States.JsonToString":
            text = value.arguments[0]
            if is_constant(text):
                return escape(json.dumps(as_json(text), ensure_ascii=False, separators=(",", ":")))
        place = self._place(value)
        if place is not None and place.value is not None:
            return self.text(place.value)
        if place is not None and place.is_any_input:
            raise NotNative(NO_OBJECT)  # Jinja writes an object or an array as Python does
        return self.json_text(value) if place is not None and place.is_container else self._template(value)

    def text_or_json(self, value: Value) -> str:
        """Return the template of a text, or of the JSON text of a value that is none.

        What a task returns as a whole is looked at in the run. Of its members it is written what Jinja writes.

        Raises:
            NotNative: Jinja cannot say the value.
        """
        place = self._place(value)
        is_answer = place is not None and not place.path and (place.form == "json" or place.is_any_input)
        return self._template(Call("$string", (value,))) if is_answer else self.text(value)

    def _place(self, value: Value) -> ValuePlace | None:
        start, keys = steps_of(value)
        return self.find(start, keys) if isinstance(start, Source) else None

    def _template(self, value: Value) -> str:
        return f"{{{{ {self.expression(value)} }}}}"

    def json_text(self, value: Value) -> str:
        """Return the template of a value's JSON text.

        Raises:
            NotNative: Jinja cannot say the value.
        """
        if is_constant(value):
            return escape_json(json.dumps(as_json(value), ensure_ascii=False))
        if isinstance(value, Object) and (error := whole_error(value)) is not None:
            return self.json_text(error)
        if isinstance(value, Object) and value.base is None:
            writer = replace(self, quote='"')  # as in the JSON around it: the literal of Python has the other ones
            members = [f"{escape_json(json.dumps(name))}: {writer.json_text(entry)}" for name, entry in value.members]
            return f"{{{', '.join(members)}}}"
        if isinstance(value, Array):
            return f"[{', '.join(map(self.json_text, value.items))}]"
        place = self._place(value)
        if place is not None and place.value is not None:
            return self.json_text(place.value)
        if place is not None and place.form == "json" and not place.path:
            return f"{{{{ {self._pull(place)} }}}}"
        return f"{{{{ {self.expression(value)} | tojson }}}}"

    def _found(self, place: ValuePlace) -> str:
        if place.value is not None:
            return self.expression(place.value)
        if place.expression is not None:
            return place.expression[0]
        if place.is_any_input:
            return f"params.get({self._string(INPUT_KEY)}, params)"
        if not place.task_id:
            return "params" + self._subscripts(place.path)
        text = self._pull(place)
        return (f"macros.json.loads({text})" if place.form == "json" else text) + self._subscripts(place.path)

    def _subscripts(self, keys: tuple[Key, ...]) -> str:
        return "".join(map(self._subscript, keys))

    def _subscript(self, key: Key) -> str:
        if isinstance(key, str) and _IDENTIFIER.fullmatch(key) and key not in _METHODS and not key.startswith("_"):
            return f".{key}"
        return f"[{key if isinstance(key, int) else self._string(key)}]"

    def _pull(self, place: ValuePlace) -> str:
        key = "" if place.xcom == "return_value" else f", key={self._string(place.xcom)}"
        if place.is_mapped:
            return f"(ti.xcom_pull(task_ids=[{self._string(place.task_id)}]{key}) | select | first)"
        return f"ti.xcom_pull(task_ids={self._string(place.task_id)}{key})"

    def _string(self, text: str) -> str:
        """Return a string literal of Jinja, without anything that could close the template."""
        body = json.dumps(text)[1:-1]
        if self.quote == "'":
            body = body.replace('\\"', '"').replace("'", "\\'")
        # Jinja reads the escapes of Python: braces and percent signs are written as such, so that no delimiter is seen.
        body = re.sub(r"[{}%#]", lambda found: f"\\x{ord(found[0]):02x}", body)
        return f"{self.quote}{body}{self.quote}"

    def _literal(self, value: Constant) -> str:
        if isinstance(value.value, str):
            return self._string(value.value)
        if value.value is None or isinstance(value.value, bool):
            return {None: "none", True: "true", False: "false"}[value.value]
        return inline(value.value)

    def _object(self, value: Object) -> str:
        if value.base is None:
            return self._members(value.members)
        base = self._possible(value.base)
        taken = next((name for name, _ in value.members if name.startswith(_OF_CALLS)), None)
        if taken is not None:
            raise NotNative(f"Jinja takes the member {taken} for an argument of the call that makes the object")
        if all(_is_word(name) for name, _ in value.members):  # else all as one, so that they keep their order
            words = [f"{name}={self.expression(entry)}" for name, entry in value.members]
            return f"dict({', '.join([base, *words])})"
        return f"dict({base}, **{self._members(value.members)})"

    def _members(self, members: tuple[tuple[str, Value], ...]) -> str:
        texts = ", ".join(f"{self._string(name)}: {self.expression(entry)}" for name, entry in members)
        return f"{{{texts}}}"

    def _one_of(self, value: OneOf) -> str:
        errors = common_error(value)
        if errors is not None:
            task_ids = ", ".join(map(self._string, self.error_tasks(errors[0])))
            pulled = f"ti.xcom_pull(task_ids=[{task_ids}], key={self._string(ERROR_KEY)})"
            return f"({pulled} | select | first){self._subscripts(errors[1])}"
        text = ""
        for mark, alternative in reversed(ordered_alternatives(value)):
            inner = self.expression(alternative)
            if not text or mark is None:
                text = inner
                continue
            place = self.find_mark(mark)
            if place.names:
                raise NotNative("which catcher has taken an error is asked for in a function alone")
            test = "is not none" if place.equals is None else f"== {self._string(place.equals)}"
            text = f"{inner} if {self._pull(place)} {test} else {text}"
        return f"({text})"

    def _each(self, call: Call) -> str:
        array, names = each_of(call)
        if not all(isinstance(name, str) and _IDENTIFIER.fullmatch(name) for name in names):
            raise NotNative("a template takes from each item only what has a plain name")
        return f"({self.expression(array)} | map(attribute={self._string('.'.join(map(str, names)))}) | list)"

    def _call(self, call: Call) -> str:
        if call.name == TEMPLATE:
            return str(as_json(call.arguments[0]))
        if call.name == MEMBER_OF_EACH:
            return self._each(call)
        if call.name == SLICE:
            return self.expression(call.arguments[0]) + slice_of(call)
        call = self.plain_call(call)
        writer = _CALLS.get(call.name)
        if writer is None or (call.name == "States.JsonMerge" and len(call.arguments) != 2):
            raise NotNative(f"{self.name_of(call)} has no Jinja that means the same")
        if call.name == "States.Format":
            return "(" + " ~ ".join(map(self.expression, format_parts(call))) + ")"
        arguments = [self.expression(part) for part in call.arguments]
        return writer.format(*arguments)


_CALLS = {
    "States.Format": "",
    "States.UUID": "macros.uuid.uuid4()",
    "States.StringToJson": "macros.json.loads({0})",
    # The filter tojson sorts members, and escapes what HTML does.
    "States.JsonToString": "macros.json.dumps({0}, separators=(',', ':'), ensure_ascii=false)",
    "States.ArrayLength": "{0} | length",
    "States.ArrayGetItem": "{0}[{1}]",
    "States.StringSplit": "({0}.split({1}) | select | list)",
    "$string": "({0} if {0} is string else {0} | tojson)",
    "$exists": "({0} is defined)",
    "&": "({0} ~ {1})",
    "+": "({0} + {1})",
    "-": "({0} - {1})",
    "*": "({0} * {1})",
    "$count": "{0} | length",
    "States.MathAdd": "({0} + {1})",
    "States.JsonMerge": "dict({0}, **{1})",
}
"""The Jinja of functions whose meaning is the same."""
