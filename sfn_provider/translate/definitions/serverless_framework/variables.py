"""Resolves variables of the Serverless Framework: ``${self:...}``, ``${file(...)}``.

Source: https://www.serverless.com/framework/docs/guides/variables
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfn_provider.asl.placeholders import make_placeholder
from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import parse_json_text
from sfn_provider.translate.definitions.cloudformation.functions import index_of
from sfn_provider.translate.definitions.cloudformation.template_reader import read_template
from sfn_provider.translate.definitions.files import read_file

Json = Any

MAX_VALUES = 50_000
"""Upper limit of values that variables make."""

_MAX_DEPTH = 60
_INNERMOST = re.compile(r"\$\{((?:[^${}]|\$(?!\{))*)\}")
_SOURCE = re.compile(r"(?P<scheme>[a-zA-Z]\w*)(?:\((?P<argument>[^)]*)\))?(?::(?P<address>.*))?", re.DOTALL)
_PSEUDO = re.compile(r"#\{(AWS::\w+)\}")
"""A pseudo parameter as the plugin serverless-pseudo-parameters writes it."""


class _Unresolved(Exception):
    """A source of a variable has no value here."""


@dataclass
class ServerlessVariables:
    """Resolves the variables in the values of a file.

    Args:
        file: the file, for errors; nothing outside of its folder is read.
        root: its value.
        user: the user's values by the text of a variable: ``opt:stage``, ``env:BUCKET``.
        used: the names of those that were used.
    """

    file: str
    root: Mapping[str, Json]
    user: Mapping[str, str]
    used: set[str] = field(default_factory=set)
    _files: dict[str, Json] = field(default_factory=dict)
    _count: int = 0
    _is_resolving_stage: bool = False

    def resolve(self, value: Json, depth: int = 0) -> Json:
        """Return a value with its variables replaced; those without a value become placeholders.

        Raises:
            UsageError: a file is outside of the folder, or variables refer to one another without end.
        """
        self._count += 1
        if depth > _MAX_DEPTH or self._count > MAX_VALUES:
            raise UsageError(f"{self.file}: its variables refer to one another without end, or make too many values")
        if isinstance(value, str):
            return self._text(value, depth)
        if isinstance(value, list):
            return [self.resolve(entry, depth) for entry in value]
        if isinstance(value, dict):
            return {key: self.resolve(entry, depth) for key, entry in value.items()}
        return value

    def resolve_outer(self, value: Json) -> Json:
        """Return a value that is itself a variable; the variables inside of an object or a list stay."""
        for _ in range(_MAX_DEPTH):
            if not isinstance(value, str) or "${" not in value:
                break
            resolved = self.resolve(value)
            if resolved == value:
                break
            value = resolved
        return value

    def _text(self, text: str, depth: int) -> Json:
        text = _PSEUDO.sub(r"${\1}", text)
        literals: list[str] = []  # what is not replaced, under numbers, so that it is no innermost variable again
        while (match := _INNERMOST.search(text)) is not None:
            inner = _restore(match[1], literals)
            found = self._variable(inner, depth) if _is_variable(inner) else _literal(inner)
            if match[0] == text and not isinstance(found, _Literal):
                return found
            if isinstance(found, _Literal) or not isinstance(found, str):
                found = found.text if isinstance(found, _Literal) else _as_text(found)
            literals.append(found)
            text = f"{text[: match.start()]}\0{len(literals) - 1}\0{text[match.end() :]}"
        return _restore(text, literals)

    def _variable(self, text: str, depth: int) -> Json:
        """Return the value of a variable, that of its first source that has one."""
        name = text.strip()
        for known in (name, _sources(name)[0].strip()):
            if known in self.user:
                self.used.add(known)
                return self.user[known]
        if "${" in name:
            return make_placeholder(name)
        for source in _sources(name):
            try:
                return self._source(source.strip(), depth)
            except _Unresolved:
                continue
        return make_placeholder(name)

    def _source(self, text: str, depth: int) -> Json:
        if text in self.user:
            self.used.add(text)
            return self.user[text]
        if re.fullmatch(r"'[^']*'|\"[^\"]*\"", text):
            return text[1:-1]
        try:
            return parse_json_text(text, self.file)
        except UsageError:
            pass
        match = _SOURCE.fullmatch(text)
        reader = SOURCES.get(match["scheme"]) if match is not None else None
        if match is None or reader is None:
            raise _Unresolved
        return reader(self, match["argument"] or "", (match["address"] or "").strip(), depth + 1)

    @property
    def stage(self) -> str:
        """The stage: the option, that of the provider, or ``dev``."""
        for name in ("sls:stage", "opt:stage"):
            if name in self.user:
                self.used.add(name)
                return self.user[name]
        provider = self.root.get("provider")
        given = provider.get("stage") if isinstance(provider, dict) else None
        if not isinstance(given, str) or self._is_resolving_stage:  # it refers to itself
            return "dev"
        self._is_resolving_stage = True
        try:
            stage = self.resolve(given, 1)
        finally:
            self._is_resolving_stage = False
        return stage if isinstance(stage, str) and "${" not in stage else "dev"

    def at(self, value: Json, address: str, depth: int) -> Json:
        """Return the part of a value at an address such as ``custom.jobs.0.name``."""
        for name in address.split(".") if address else ():
            value = self.resolve(value, depth) if isinstance(value, str) else value
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and (index := index_of(name, value)) is not None:
                value = value[index]
            else:
                raise _Unresolved
        return self.resolve(value, depth)

    def read(self, path: str) -> Json:
        """Return the value of a file of the folder.

        Raises:
            UsageError: it is outside of the folder, a program, or cannot be read.
        """
        folder = Path(self.file).parent
        if "\0" in path:
            raise _Unresolved
        place = (folder / path).resolve()
        if not place.is_relative_to(folder.resolve()):
            raise UsageError(f"{self.file}: {path} is outside of the folder, and nothing outside of it is read")
        if place.suffix in (".js", ".ts", ".mjs", ".cjs"):
            raise _Unresolved
        if path not in self._files:
            if not place.is_file():
                raise _Unresolved
            text = read_file(str(folder / path), "what a variable of the Serverless Framework reads")
            is_data = place.suffix in (".yml", ".yaml", ".json")
            self._files[path] = read_template(text, str(folder / path)).value if is_data else text
        return self._files[path]


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str


def _sources(text: str) -> list[str]:
    """Split the sources of a variable at commas, but those in quotes or in parentheses."""
    found, start, quote, depth = [], 0, "", 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth <= 0:
            found.append(text[start:position])
            start = position + 1
    return [*found, text[start:]]


def _literal(inner: str) -> _Literal:
    return _Literal("${" + inner + "}")


def _restore(text: str, literals: list[str]) -> str:
    return re.sub("\0(\\d+)\0", lambda match: _restore(literals[int(match[1])], literals), text)


def _is_variable(text: str) -> bool:
    """Whether a text is a variable of the framework, not a name for Fn::Sub such as ``AWS::Region`` or ``Name``."""
    match = re.match(r"\s*([a-zA-Z]\w*)(\([^)]*\))?(:(?!:)|\s*,|\s*$)", text)
    return match is not None and (match[1] in SOURCES or match[1] in _ELSEWHERE) and text.strip() != match[1]


def _as_text(value: Json) -> str:
    return json.dumps(value) if not isinstance(value, str) else value


# Sources -------------------------------------------------------------------------------------------------------------


def _self(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    if address == "provider.stage":
        return context.stage
    return context.at(context.root, address, depth)


def _option(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    raise _Unresolved  # it is the user's, or has no value


def _framework(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    if address != "stage":
        raise _Unresolved
    return context.stage


def _parameter(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    for name in (context.stage, "default"):
        try:
            return context.at(context.root, f"params.{name}.{address}", depth)
        except _Unresolved:
            continue
    raise _Unresolved


def _aws(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    if address != "region":
        raise _Unresolved
    return context.at(context.root, "provider.region", depth)


def _file(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    return context.at(context.read(argument.strip().strip("'\"")), address, depth)


def _to_bool(context: ServerlessVariables, argument: str, address: str, depth: int) -> Json:
    values = {"true": True, "1": True, "false": False, "0": False, "": False, "null": False}
    text = argument.strip().lower()
    if text not in values:
        raise _Unresolved
    return values[text]


SOURCES: dict[str, Callable[[ServerlessVariables, str, str, int], Json]] = {
    "self": _self,
    "opt": _option,
    "env": _option,
    "sls": _framework,
    "param": _parameter,
    "aws": _aws,
    "file": _file,
    "strToBool": _to_bool,
}
"""The sources of variables whose values may be in the folder, or the user's."""

_ELSEWHERE = {"cf", "s3", "ssm", "git", "output", "vault", "terraform", "doppler", "state"}
"""Sources whose values are elsewhere."""
