"""Asks Airflow's auth manager what the user of a worker's request may do with a DAG."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from sfn_provider._compat import airflow_major


def task_instance_edit_permission(authorization: str) -> Callable[[str], bool] | None:
    """Ask Airflow's auth manager for the permission of a request's user to edit task instances.

    Args:
        authorization: the request's Authorization header.

    Returns:
        Tells by a DAG's id whether the user may edit its task instances; None where there is no user.
    """
    return _edit_permission_airflow_3(authorization) if airflow_major() >= 3 else _edit_permission_airflow_2()


def _edit_permission_airflow_3(authorization: str) -> Callable[[str], bool] | None:
    import asyncio

    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from jwt import InvalidTokenError

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    manager = get_auth_manager()
    try:
        user = asyncio.run(manager.get_user_from_token(token.strip()))
    except InvalidTokenError:
        return None
    entity = DagAccessEntity.TASK_INSTANCE
    return lambda dag_id: manager.is_authorized_dag(
        method="PUT", access_entity=entity, details=DagDetails(id=dag_id), user=user
    )


def _edit_permission_airflow_2() -> Callable[[str], bool] | None:
    security = import_module("airflow.api_connexion.security")
    manager = import_module("airflow.www.extensions.init_auth_manager").get_auth_manager()
    resources = import_module("airflow.auth.managers.models.resource_details")
    unauthenticated = import_module("airflow.api_connexion.exceptions").Unauthenticated
    try:
        security.check_authentication()
    except unauthenticated:
        return None
    entity = resources.DagAccessEntity.TASK_INSTANCE
    return lambda dag_id: bool(
        manager.is_authorized_dag(method="PUT", access_entity=entity, details=resources.DagDetails(id=dag_id))
    )
