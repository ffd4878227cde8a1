"""Translates a definition in the files that people have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sfn_provider.exceptions import InvalidDefinition
from sfn_provider.translate.definitions import Definition, read_definition
from sfn_provider.translate.plan import naming
from sfn_provider.translate.translator import Translation, translate


def translate_file(
    reference: str,
    *,
    dag_id: str | None = None,
    schedule: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Translation:
    """Translate the definition that a reference names.

    Args:
        reference: as `read_definition` takes it: ``FILE``, ``FILE#Name`` or an ARN.
        dag_id: the DAG's id; by default made from the machine's or the file's name.
        schedule: when it runs; by default what the file says.
        substitutions: values for ``${Name}``.
        params: the default input; by default what the schedule of the file gives.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition; lines are those of the file.
        UsageError: where something cannot be read or used.
    """
    definition = read_definition(reference, substitutions)
    return translate_definition(definition, dag_id=dag_id, schedule=schedule, params=params)


def translate_definition(
    definition: Definition,
    *,
    dag_id: str | None = None,
    schedule: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> Translation:
    """Translate a definition that was read; arguments and errors as for `translate_file`."""
    try:
        made = translate(
            definition.source,
            dag_id=dag_id or naming.dag_id(definition.name),
            schedule=schedule or definition.schedule,
            params=definition.params if params is None else params,
            origin=definition.origin,
            execution_type=definition.execution_type,
        )
    except InvalidDefinition as error:
        raise InvalidDefinition(definition.placed(error.diagnostics)) from None
    diagnostics = (*definition.diagnostics, *definition.placed(made.diagnostics))
    return replace(made, diagnostics=diagnostics, findings=(*definition.findings, *made.findings))
