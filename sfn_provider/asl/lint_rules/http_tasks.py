"""Rule: a Task that calls an HTTPS endpoint names the connection that authorizes it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html. That AWS refuses at creation a
ConnectionArn which is no ARN, a placeholder too, is reported in https://github.com/aws/aws-cli/issues/10060.
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.definition_index.index import DefinitionIndex, Fields, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.lint_rules.reporting import error
from sfn_provider.asl.lint_rules.service_calls import parameters_field
from sfn_provider.asl.resources import parse_resource

_HOLDERS = ("Authentication", "InvocationConfig")
_FIELD = "ConnectionArn"


def http_connections(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """The parameters of an HTTP Task have the ARN of a connection."""
    for state in definition.of_type("Task"):
        name = parameters_field(state)
        parameters = state.fields.get(name)
        if parse_resource(str(state.fields.get("Resource"))).kind == "http:invoke" and isinstance(parameters, dict):
            yield from _connection_problems(parameters, f"{state.at}/{name}")


def _connection_problems(parameters: Fields, at: str) -> Iterator[Diagnostic]:
    holders = {name: parameters[name] for name in _HOLDERS if name in parameters}
    for name, holder in holders.items():
        arn = holder.get(_FIELD) if isinstance(holder, dict) else None
        if isinstance(arn, str) and not (arn.startswith("arn:") or is_jsonata(arn) or is_placeholder(arn)):
            yield error(f"{arn!r} is not the ARN of a connection", at + pointer(name, _FIELD))
    is_dynamic = any(f"{name}.$" in parameters for name in _HOLDERS)
    named = [holder for holder in holders.values() if not isinstance(holder, dict) or _names_connection(holder)]
    if not named and not is_dynamic:
        yield error(f"http:invoke needs {' or '.join(_HOLDERS)} with a {_FIELD}", at)


def _names_connection(holder: Fields) -> bool:
    return _FIELD in holder or f"{_FIELD}.$" in holder
