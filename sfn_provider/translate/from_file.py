"""Translates definitions in files: `translate_file` to a DAG file, `build_dag` to a live DAG."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate.definitions.reader import read_definition
from sfn_provider.translate.emit.live_dag import live_dag, live_native_dag
from sfn_provider.translate.translator import Translation, TranslationOptions, check_option_names, translate_definition

if TYPE_CHECKING:
    from sfn_provider._compat import DAG
    from sfn_provider.translate.plan.granularity import TasksName
    from sfn_provider.translate.styles import StyleName


def translate_file(
    reference: str,
    *,
    dag_id: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    **options: Unpack[TranslationOptions],
) -> Translation:
    """Translate the definition that a reference names.

    Args:
        reference: as `read_definition` takes it: ``FILE``, ``FILE#Name``, a Terraform folder or an ARN.
        dag_id: the DAG's id; by default made from the machine's or the file's name.
        substitutions: values for ``${Name}``.
        options: ``schedule``, ``style`` and others, as for `sfn_provider.translate.translate`.

    Raises:
        InvalidDefinition: Step Functions would refuse the definition; lines are those of the file.
        UsageError: something cannot be read or used.
    """
    check_option_names(options)
    return translate_definition(read_definition(reference, substitutions), dag_id=dag_id, **options)


def build_dag(
    path: str | Path,
    dag_id: str | None = None,
    schedule: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    timezone: str | None = None,
    style: StyleName = "exact",
    tasks: TasksName = "state",
    map_batch: int | None = None,
    templates: Mapping[str, str] | None = None,
    **dag_arguments: Any,
) -> DAG:
    """Make the DAG of a definition at parse time, for a DAG file without generated code.

    ::

        # The Airflow DAG of pipeline.asl.json.
        from sfn_provider.translate import build_dag
        dag = build_dag("pipeline.asl.json", schedule="cron(0 2 * * ? *)")

    Airflow reads only files that contain the words ``dag`` and ``airflow``: keep the comment.

    Args:
        path: ``FILE`` or ``FILE#Name``, as `sfn_provider.translate.definitions.read_definition` takes it; a relative
            path starts at the folder of the calling file.
        dag_id: the DAG's id; by default made from the machine's or the file's name.
        schedule: EventBridge's ``cron(...)`` or ``rate(...)``, or Airflow's cron text; by default that of the file.
        substitutions: values for ``${Name}`` in the definition.
        timezone: the time zone of the schedule; by default that of the schedule in the file, or UTC.
        style: as in `TranslationOptions`. A native DAG takes longer to make, at every parse: write its file where that
            matters.
        tasks: as in `TranslationOptions`.
        map_batch: as in `TranslationOptions`.
        templates: as in `TranslationOptions`.
        dag_arguments: arguments of Airflow's DAG, such as ``default_args`` and ``tags``; they override those of the
            definition.

    Raises:
        UsageError: the definition cannot be read or is invalid; the message has file, line and JSON pointer.
    """
    caller = _calling_file()
    reference = str(path) if str(path).startswith("arn:") else str(caller.parent / path)
    definition = read_definition(reference, substitutions)
    try:
        translation = translate_definition(
            definition,
            dag_id=dag_id,
            schedule=schedule,
            timezone=timezone,
            style=style,
            tasks=tasks,
            map_batch=map_batch,
            templates=templates,
        )
    except InvalidDefinition as error:
        lines = [found.format(definition.file) for found in error.diagnostics if found.level == "error"]
        raise UsageError("\n".join(lines)) from None
    if translation.style == "native":
        dag = live_native_dag(translation.source, f"<{translation.plan.dag_id} of {reference}>", **dag_arguments)
    else:
        dag = live_dag(translation.plan, **dag_arguments)
    dag.fileloc = str(caller)
    return dag


def _calling_file() -> Path:
    """Return the file that calls `build_dag`."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return Path(frame.f_code.co_filename if frame is not None else "").absolute()
