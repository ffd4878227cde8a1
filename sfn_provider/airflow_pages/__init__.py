"""Pages beside Airflow's: a DAG's state machine, its way through a run, waiting task tokens.

Also the report of the DAG's last comparison. The plugin serves them by FastAPI (Airflow 3.1.1 and later) or Flask
(Airflow 2), behind Airflow's login and its permissions on DAGs. Without scripts; everything shown is escaped.
"""

from __future__ import annotations

from typing import Final

PAGES_PREFIX: Final = "/state-machines"
"""Path of the pages on Airflow's web server."""
