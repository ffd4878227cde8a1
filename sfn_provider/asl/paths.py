"""Compiles JSONPaths to read values and reference paths to write them, as Step Functions does.

Paths that name one node by members and indices, nearly all of those in use, are walked directly. Wildcards, slices,
several indices, filters and recursive descent go through `jsonpath.steps`. Nothing here changes a document: what is
read may be shared with it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html, recorded executions,
and Jayway JsonPath 2.0.0, the library that AWS runs.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter

from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.jsonpath.errors import (
    Key,
    PathNotFound,
    PathSyntaxError,
    TooMuchWork,
    explain_missing,
    format_keys,
    get_child,
)
from sfn_provider.asl.jsonpath.filters import select_members
from sfn_provider.asl.jsonpath.pitfalls import find_pitfalls
from sfn_provider.asl.jsonpath.steps import compile_steps
from sfn_provider.asl.jsonpath.syntax import (
    DefiniteSelector,
    FromEnd,
    Names,
    ParsedPath,
    Slice,
    is_definite,
    parse_path,
)
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.exceptions import StatesError

__all__ = [
    "JsonPath",
    "PathNotFound",
    "PathSyntaxError",
    "ReferencePath",
    "compile_path",
    "compile_reference",
]

_CACHE_SIZE = 4096
_ROOTS = {name: attrgetter(name) for name in ("input", "context", "variables")}


class JsonPath:
    """A compiled path. Made by compile_path; not changed afterwards.

    Args:
        text: the path as written.
        root: what it reads: the ``input``, the ``context`` object or the ``variables``.
        definite: True where the path names at most one node, so that read gives that node and not a list.
    """

    __slots__ = ("_keys", "_root", "definite", "root", "text")

    def __init__(self, text: str, parsed: ParsedPath, keys: tuple[Key, ...], definite: bool = True) -> None:
        self.text = text
        self.root = parsed.root
        self.definite = definite
        self._root = _ROOTS[parsed.root]
        self._keys = keys

    def __repr__(self) -> str:
        return f"JsonPath({self.text!r})"

    @property
    def functions(self) -> tuple[str, ...]:
        """Steps like ``length()``. AWS takes one for a member of that name, so the path finds nothing."""
        return tuple(key for key in self._keys if isinstance(key, str) and key.endswith(")") and "(" in key)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what AWS takes but that can find nothing when it runs, for example a negative index."""
        return ()

    def read(self, scope: Scope) -> Json:
        """Return what the path names in the scope's data: the node, or for an indefinite path a list of nodes.

        Raises:
            PathNotFound: there is no such node. An indefinite path gives an empty list instead, but for a variable
                that does not exist, and for a slice of an empty input (recorded executions: ``$.items[*].name`` is
                ``[]`` without ``items``); or the path visits more nodes than `jsonpath.steps.MAX_NODES`.
        """
        value = self._root(scope)
        try:
            for key in self._keys:
                value = value[key]
        except (KeyError, TypeError):
            raise self._not_found(scope) from None
        return value

    def _not_found(self, scope: Scope) -> PathNotFound:
        reason, miss = explain_missing(self._root(scope), self._keys)
        return PathNotFound(reason, self.text, miss)


class _IndexedPath(JsonPath):
    """A definite path with an index in it."""

    __slots__ = ()

    def read(self, scope: Scope) -> Json:
        value = self._root(scope)
        try:
            for key in self._keys:
                # Text has items in Python, but none in JSON.
                if value.__class__ is str:
                    raise TypeError(key)
                value = value[key]
        except (KeyError, TypeError, IndexError):
            raise self._not_found(scope) from None
        return value


class _SteppedPath(JsonPath):
    """A path with a selector that may pick several nodes."""

    __slots__ = ("_select", "_selectors")

    def __init__(self, text: str, parsed: ParsedPath, keys: tuple[Key, ...]) -> None:
        super().__init__(text, parsed, keys, definite=False)
        self._selectors = parsed.selectors
        self._select = compile_steps(parsed.selectors)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about selectors that can find nothing."""
        return tuple(find_pitfalls(self._selectors))

    def read(self, scope: Scope) -> Json:
        root = self._root(scope)
        if self.root == "variables" and self._keys[0] not in root:
            raise self._not_found(scope)
        if root == {} and isinstance(self._selectors[0], Slice):
            # Reported from an execution: $[1:] of {} fails, unlike $.items[1:].
            raise PathNotFound("A slice can only be applied to arrays. Current context is: {}", self.text)
        try:
            return self._select(root)
        except TooMuchWork as error:
            raise PathNotFound(f"{self.text} is too expensive: {error}", self.text) from error


class _ComputedPath(JsonPath):
    """A path to one node with a selector that is neither a member's name nor an index from 0 on."""

    __slots__ = ("_selectors",)

    def __init__(self, text: str, parsed: ParsedPath, selectors: tuple[DefiniteSelector, ...]) -> None:
        super().__init__(text, parsed, tuple(map(_printed_key, selectors)))
        self._selectors = selectors

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about selectors that can find nothing."""
        return tuple(find_pitfalls(self._selectors))

    def read(self, scope: Scope) -> Json:
        root = node = self._root(scope)
        keys: list[Key] = []
        for selector in self._selectors:
            if isinstance(selector, Names):
                return self._read_members(node, selector, keys)
            key = selector if not isinstance(selector, FromEnd) else _from_end(node, selector)
            keys.append(key)
            node = get_child(node, key)
            if node is MISSING:
                reason, miss = explain_missing(root, (*keys, *self._keys[len(keys) :]))
                raise PathNotFound(reason, self.text, miss)
        return node

    def _read_members(self, node: Json, selector: Names, keys: list[Key]) -> Json:
        place, names = "$" + "".join(map(format_keys, keys)), format_keys(*selector.names)
        if selector is not self._selectors[-1]:
            # AWS takes such a definition and fails when it runs.
            raise PathNotFound(f"Multi properties can only be used as path leafs: {place}{names}", self.text)
        members = select_members(node, selector, last=True)
        if members is MISSING:
            raise PathNotFound(f"Property {names} not found in path {place}", self.text)
        return members


def _printed_key(selector: DefiniteSelector) -> Key:
    """Return the key that format_keys prints as Jayway prints the selector, before its value is known."""
    if isinstance(selector, Names):
        return "', '".join(selector.names)
    return -selector.distance if isinstance(selector, FromEnd) else selector


def _from_end(node: Json, selector: FromEnd) -> int:
    return (len(node) if isinstance(node, list) else 0) - selector.distance


@lru_cache(_CACHE_SIZE)
def compile_path(text: str) -> JsonPath:
    """Compile a path; the same text gives the same object.

    Args:
        text: ``$...`` reads the input, ``$$...`` the context object, ``$name...`` a variable.

    Raises:
        PathSyntaxError: the text is no JSONPath that Step Functions accepts.
    """
    parsed = parse_path(text)
    selectors = parsed.selectors
    keys = tuple(selector for selector in selectors if isinstance(selector, (str, int)))
    if not is_definite(selectors):
        return _SteppedPath(text, parsed, keys)
    indices = [key for key in keys if isinstance(key, int)]
    if len(keys) < len(selectors) or any(index < 0 for index in indices):
        return _ComputedPath(text, parsed, selectors)
    return (_IndexedPath if indices else JsonPath)(text, parsed, keys)


class ReferencePath:
    """A compiled path to write to. Made by compile_reference.

    Args:
        text: the path as written.
    """

    __slots__ = ("_keys", "text")

    def __init__(self, text: str, keys: tuple[Key, ...]) -> None:
        self.text = text
        self._keys = keys

    def __repr__(self) -> str:
        return f"ReferencePath({self.text!r})"

    def write(self, document: Json, value: Json) -> Json:
        """Return a copy of the document with the value written to the path. Unchanged parts are shared.

        Missing objects on the path are created. An item of an array can be replaced, not added.

        Raises:
            StatesError: ``States.ReferencePathConflict``, the name that AWS reports for a place that something else
                takes (its documentation calls this error ``States.ResultPathMatchFailure``).
        """
        if not self._keys:
            return value
        if not isinstance(document, dict | list):
            raise _conflict(f"ReferencePath {self.text}", document)
        result: Json = document.copy()
        node: Json = result
        for key in self._keys[:-1]:
            self._check(node, key, document)
            child = get_child(node, key)
            node[key] = {} if child is MISSING else child.copy() if isinstance(child, dict | list) else child
            node = node[key]
        self._check(node, self._keys[-1], document)
        node[self._keys[-1]] = value
        return result

    @staticmethod
    def _check(node: Json, key: Key, document: Json) -> None:
        """Raise where the node cannot have the key."""
        in_array = isinstance(key, int) and isinstance(node, list) and 0 <= key < len(node)
        in_object = isinstance(key, str) and isinstance(node, dict)
        if not (in_array or in_object):
            raise _conflict(f'step "{key}"', document)


def require_input(path: JsonPath, scope: Scope) -> None:
    """Refuse to read from an input of null: reported from executions, for templates and Choice rules, and ``$`` too.

    Raises:
        StatesError: ``States.Runtime``.
    """
    if scope.input is None and path.root == "input":
        raise StatesError("States.Runtime", "Unable to apply Path transformation to null or empty input.")


def _conflict(what: str, document: Json) -> StatesError:
    return StatesError("States.ReferencePathConflict", f"Unable to apply {what} to input {compact_json(document)}")


@lru_cache(_CACHE_SIZE)
def compile_reference(text: str) -> ReferencePath:
    """Compile a path to write to, as ResultPath accepts it: members and indices from ``$``.

    Raises:
        PathSyntaxError: the text is no path, or one that reads the context object or a variable, or one that may name
            several nodes.
    """
    parsed = parse_path(text)
    keys = tuple(key for key in parsed.selectors if isinstance(key, str | int))
    if parsed.root != "input":
        raise PathSyntaxError(
            f"'{text}' is not a reference path: it starts with '$.', for only the input can be written"
        )
    if len(keys) != len(parsed.selectors):
        raise PathSyntaxError(f"'{text}' is not a reference path: it may name several nodes; use names and indices")
    return ReferencePath(text, keys)
