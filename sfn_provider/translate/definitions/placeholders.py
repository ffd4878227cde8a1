"""``${Name}`` in definitions: a value that a deployment tool puts in before Step Functions sees the definition.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.source import Document, load
from sfn_provider.exceptions import UsageError

Source = str | dict[str, Any]

PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_STRING = r'"(?:[^"\\]|\\.)*"'
_BARE = re.compile(rf"{_STRING}|(?<=[:,\[])\s*(?P<bare>\$\{{[^}}]+\}})")
"""In JSON text: a placeholder where a value should stand, such as ``"Seconds": ${Pause}``; strings are passed over."""

_PARTITION = re.compile(r"^arn:\$\{[^}]+\}(?=:states:::)")

_INVOKE = frozenset({"FunctionName", "Payload", "InvocationType", "Qualifier", "ClientContext", "LogType"})
"""Lambda's own names of what an invocation takes."""


def placeholder(name: str) -> str:
    """The placeholder of a name or an expression, without what would end it or the string around it."""
    flat = " ".join(name.split()).replace('"', "'").replace("\\", "/")
    return "${" + flat.translate(str.maketrans("{}", "()")) + "}"


def fill(source: Source, values: Mapping[str, str]) -> tuple[Source, set[str]]:
    """Put values in the place of ``${Name}``, once.

    Returns:
        The definition, and the names that had a place.
    """
    used: set[str] = set()

    def value(match: re.Match[str]) -> str:
        if match[1] in values:
            used.add(match[1])
        return values.get(match[1], match[0])

    if isinstance(source, str):
        return PLACEHOLDER.sub(value, source), used
    filled: dict[str, Any] = _walk(source, lambda text: PLACEHOLDER.sub(value, text))
    return filled, used


def fill_all(
    source: Source, given: Mapping[str, str], own: Mapping[str, str], defaults: Mapping[str, str]
) -> tuple[Source, set[str]]:
    """Put in the values of the user and of the file.

    Args:
        source: the definition.
        given: values of the user, which come first.
        own: values that the file gives for names of the definition; they may hold placeholders of the file's own names.
        defaults: values that the file gives for its own names.

    Returns:
        The definition, and the names whose default was taken.

    Raises:
        UsageError: where a value of the user is not used, so that a typing error in a name is not passed over.
    """
    half, first = fill(source, {**own, **given})
    made, second = fill(half, {**defaults, **given})
    _refuse_unused(set(given) - first - second)
    return made, second - set(given)


def _refuse_unused(names: set[str]) -> None:
    if names:
        told = ", ".join(sorted(names))
        raise UsageError(f"substitutions not used: {told}; the definition has no ${{...}} of that name")


def substitute(definition: Source, values: Mapping[str, str]) -> Source:
    """Put the user's values in the place of ``${Name}``.

    Raises:
        UsageError: where a value is not used.
    """
    filled, used = fill(definition, values)
    _refuse_unused(set(values) - used)
    return filled


def refuse_bare(source: Source) -> None:
    """Refuse JSON text that has a placeholder without a value where no string stands.

    Raises:
        UsageError: names them.
    """
    if not isinstance(source, str) or not source.lstrip("\ufeff \t\r\n").startswith("{"):
        return
    bare = dict.fromkeys(match["bare"] for match in _BARE.finditer(source) if match["bare"])
    if bare:
        name = next(iter(bare))[2:-1]
        raise UsageError(
            f"{', '.join(bare)} stand where no text stands, so the definition cannot be read without their values: "
            f"give them, for example --substitutions {name}=VALUE"
        )


def without_partition(resource: str) -> str:
    """A Resource without a placeholder for its partition: where the task runs tells that of an integration."""
    return _PARTITION.sub("", resource)


def unresolved(source: Source) -> dict[str, str]:
    """The names without a value, each with the JSON pointer of the first place."""
    found: dict[str, str] = {}
    for location, text in texts_of(_value(source)[0], ""):
        if location.endswith("/Comment"):
            continue
        told = without_partition(text) if location.endswith("/Resource") else text
        for name in PLACEHOLDER.findall(told):
            found.setdefault(name, location)
    return found


def unresolved_warning(source: Source) -> tuple[Diagnostic, ...]:
    """One warning that lists the names without a value; none where all have one."""
    found = unresolved(source)
    if not found:
        return ()
    first = next(iter(found.values()))
    message = (
        f"no value for {', '.join(f'${{{name}}}' for name in found)}; a task that calls with one of them fails or "
        "passes the text on: give values, for example --substitutions NAME=VALUE"
    )
    return (Diagnostic("warning", "UNRESOLVED_PLACEHOLDER", message, first, *_place(_value(source)[1], first)),)


def infer_resources(source: Source) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Give tasks whose Resource is a bare ``${Name}`` the resource that their parameters belong to.

    Only Lambda's parameters are told apart with certainty: ``FunctionName`` with what else an invocation takes.

    Returns:
        The definition with these resources, and a warning for each.
    """
    value, document = _value(source)
    found = {}
    for at, state in states_of(value, ""):
        resource, arn = state.get("Resource"), _inferred(state)
        if arn is not None and isinstance(resource, str) and PLACEHOLDER.fullmatch(resource):
            found[f"{at}/Resource"] = (resource, arn)
    # From the end on, so that the places of the others stay what they are.
    for location in sorted(found, key=lambda location: document.locate(location) or (0, 0), reverse=True):
        source = _replace(source, document, location, *found[location])
    return source, tuple(_inference(document, location, *found[location]) for location in found)


def _inference(document: Document, location: str, resource: str, arn: str) -> Diagnostic:
    message = f"{resource} has no value; its parameters are those of Lambda, so it is taken for {arn}"
    return Diagnostic("warning", "INFERRED_RESOURCE", message, location, *_place(document, location))


def _inferred(state: dict[str, Any]) -> str | None:
    given = state.get("Parameters", state.get("Arguments"))
    if not isinstance(given, dict):
        return None
    names = {name.removesuffix(".$") for name in given}
    if "FunctionName" not in names or not names <= _INVOKE:
        return None
    waits = any("Task.Token" in text for _, text in texts_of(given, ""))
    return "arn:aws:states:::lambda:invoke" + (".waitForTaskToken" if waits else "")


def _replace(source: Source, document: Document, location: str, old: str, new: str) -> Source:
    place = document.locate(location)
    if isinstance(source, dict):
        replaced: dict[str, Any] = _replace_at(source, location, new)
        return replaced
    if place is None:
        raise AssertionError("a document of a text knows where its values stand")
    # In the text itself, so that lines stay what they are.
    text = source.removeprefix("\ufeff")
    start = sum(len(line) + 1 for line in text.split("\n")[: place[0] - 1]) + place[1] - 1
    at = text.find(old, start)
    if at < 0:
        raise UsageError(f"the placeholder {old} at {location} is written with escapes; write it as it is")
    return text[:at] + new + text[at + len(old) :]


def _replace_at(value: Any, location: str, new: str) -> Any:
    head, *rest = location.removeprefix("/").split("/", 1)
    made: Any = list(value) if isinstance(value, list) else dict(value)
    key = int(head) if isinstance(value, list) else head.replace("~1", "/").replace("~0", "~")
    made[key] = _replace_at(value[key], "/" + rest[0], new) if rest else new
    return made


def _value(source: Source) -> tuple[Any, Document]:
    document = load(source)
    return document.value, document


def _place(document: Document, location: str) -> tuple[int, int] | tuple[()]:
    return document.locate(location) or ()


def states_of(machine: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The states of a machine and those inside of them, with their JSON pointers."""
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in (states if isinstance(states, dict) else {}).items():
        if not isinstance(state, dict):
            continue
        here = at + pointer("States", name)
        yield here, state
        for part in ("ItemProcessor", "Iterator"):
            yield from states_of(state.get(part), f"{here}/{part}")
        branches = state.get("Branches")
        for number, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield from states_of(branch, f"{here}/Branches/{number}")


def texts_of(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """The texts of a JSON value, with their JSON pointers; ``at`` is that of the value."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from texts_of(entry, f"{at}/{number}")
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from texts_of(entry, at + pointer(key))


def _walk(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_walk(entry, replace) for entry in value]
    if isinstance(value, dict):
        return {key: _walk(entry, replace) for key, entry in value.items()}
    return value
