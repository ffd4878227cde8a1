"""Says that the installed Airflow is not older than 3.0."""

from __future__ import annotations

from sfn_provider._compat import airflow_major

AIRFLOW_V_3_0_PLUS = airflow_major() >= 3
