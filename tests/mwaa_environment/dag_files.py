"""The example DAGs as these tests put them in."""

from __future__ import annotations

from tests.matrix.environments import ROOT
from tests.mwaa_environment.environment import MwaaEnvironment

# Only the tests start runs.
NO_SCHEDULE = {'schedule="0 2 * * *",': "schedule=None,"}


def put_in(mwaa: MwaaEnvironment, name: str, changes: dict[str, str], dag_id: str | None = None) -> None:
    """Put an example DAG in, with some texts in the place of others.

    Args:
        mwaa: the environment.
        name: the DAG's name.
        changes: texts and what stands in their place, beside the schedule.
        dag_id: another id for it.
    """
    text = (ROOT / "dags" / f"{name}.py").read_text()
    for old, new in {**NO_SCHEDULE, **changes, f'dag_id="{name}"': f'dag_id="{dag_id or name}"'}.items():
        assert old in text, old
        text = text.replace(old, new)
    mwaa.add_dag(dag_id or name, text)
