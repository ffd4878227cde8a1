"""From a state machine to an Airflow DAG: definition, plan, Python text."""

from sfn_provider.translate.plan import DagPlan, TaskPlan
from sfn_provider.translate.translator import Translation, translate

__all__ = ["DagPlan", "TaskPlan", "Translation", "translate"]
