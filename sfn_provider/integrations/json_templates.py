"""Paths into JSON, and templates of API calls that are filled from a task's parameters and response."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.value_shapes import Values


def get_path(value: Json, path: str) -> Json:
    """Return the value at a path such as ``Tasks.0.TaskArn``; None where there is none."""
    for step in path.split(".") if path else ():
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def fill_template(template: Json, sources: dict[str, Json]) -> Json:
    """Replace texts such as ``$response.A.0.B`` by values of the source that stands before the first dot."""
    if isinstance(template, dict):
        return {key: fill_template(entry, sources) for key, entry in template.items()}
    if isinstance(template, list):
        return [fill_template(entry, sources) for entry in template]
    if isinstance(template, str) and template.startswith("$"):
        source, _, path = template.partition(".")
        return get_path(sources[source], path)
    return template


@dataclass(frozen=True, slots=True)
class CallTemplate:
    """An operation with a template of its parameters.

    Args:
        operation: the operation: ``GetJobRun``.
        template: its parameters in PascalCase; a text ``$parameters.A.B`` or ``$response.A.0.B`` stands for a value of
            the submission.
    """

    operation: str
    template: Json = field(default_factory=dict)

    def fill(self, parameters: Values, response: Values) -> Json:
        """Return the parameters, with the values of a submission."""
        return fill_template(self.template, {"$parameters": parameters, "$response": response})


@dataclass(frozen=True, slots=True)
class NamedPart:
    """Return the part of a response at a path, as the only member of the result."""

    name: str
    path: str

    def __call__(self, values: Values) -> Json:
        """Return the object with the part."""
        return {self.name: get_path(values, self.path)}


@dataclass(frozen=True, slots=True)
class ResponsePart:
    """Return the part of a response at a path as the result."""

    path: str

    def __call__(self, values: Values) -> Json:
        """Return the part."""
        return get_path(values, self.path)
