"""Changes of the EMR integration: one cluster, one step, and names instead of ids.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html. Which error AWS gives where a cluster has
no fleet or group of a name is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.integration import CallContext, ServiceCaller
from sfn_provider.integrations.json_templates import get_path
from sfn_provider.integrations.value_shapes import Values


def create_cluster_result(response: Values) -> Json:
    """Call the job flow a cluster."""
    return _renamed(response, {"JobFlowId": "ClusterId"})


def add_step_request(parameters: Values, context: CallContext) -> Values:
    """Make a list of the one step, for the cluster under its older name."""
    return _in_list(_renamed(parameters, {"ClusterId": "JobFlowId", "Step": "Steps"}), "Steps")


def add_step_result(response: Values) -> Json:
    """Return the one step's id."""
    return {"StepId": get_path(response, "StepIds.0")}


def cancel_step_request(parameters: Values, context: CallContext) -> Values:
    """Make a list of the one step's id."""
    return _in_list(_renamed(parameters, {"StepId": "StepIds"}), "StepIds")


def cancel_step_result(response: Values) -> Json:
    """Return the one step's answer."""
    return {"CancelStepsInfo": get_path(response, "CancelStepsInfoList.0")}


def one_cluster_request(parameters: Values, context: CallContext) -> Values:
    """Make a list of the one cluster's id."""
    return _in_list(_renamed(parameters, {"ClusterId": "JobFlowIds"}), "JobFlowIds")


def modify_fleet_request(parameters: Values, context: CallContext) -> Values:
    """Remove the name of the fleet, which the operation does not have."""
    return {name: value for name, value in parameters.items() if name != "InstanceFleetName"}


def find_fleet(task_parameters: Values, parameters: Values, aws: ServiceCaller) -> Values:
    """Add the id of the fleet that has the name.

    Args:
        task_parameters: the task's parameters.
        parameters: the operation's, made of them.
        aws: calls EMR.

    Raises:
        StatesError: ``EMR.InvalidRequestException``: the cluster has no such fleet.
    """
    found = _find_id(aws, "InstanceFleet", task_parameters)
    return parameters | {"InstanceFleet": {**parameters["InstanceFleet"], "InstanceFleetId": found}}


def modify_group_request(parameters: Values, context: CallContext) -> Values:
    """Make a list of the one group, without its name, which the operation does not have."""
    values = {name: value for name, value in parameters.items() if name != "InstanceGroupName"}
    return _in_list(_renamed(values, {"InstanceGroup": "InstanceGroups"}), "InstanceGroups")


def find_group(task_parameters: Values, parameters: Values, aws: ServiceCaller) -> Values:
    """Add the id of the group that has the name; arguments and errors as for ``find_fleet``."""
    found = _find_id(aws, "InstanceGroup", task_parameters)
    return parameters | {"InstanceGroups": [{**parameters["InstanceGroups"][0], "InstanceGroupId": found}]}


def _find_id(aws: ServiceCaller, kind: str, task_parameters: Values) -> str:
    """Return the id of a cluster's fleet or group by its name."""
    cluster, name = task_parameters["ClusterId"], task_parameters[f"{kind}Name"]
    for entry in _list_all(aws, kind, cluster):
        if entry.get("Name") == name:
            return str(entry["Id"])
    raise StatesError("EMR.InvalidRequestException", f"The cluster {cluster} has no {kind} with the name '{name}'")


def _list_all(aws: ServiceCaller, kind: str, cluster: str) -> Iterator[Values]:
    page: Values = {"ClusterId": cluster}
    while True:
        answer = aws.call(f"List{kind}s", page)
        yield from answer.get(f"{kind}s", [])
        if not answer.get("Marker"):
            return
        page = page | {"Marker": answer["Marker"]}


def _in_list(values: Values, field: str) -> Values:
    return values | {field: [values[field]]} if field in values else values


def _renamed(values: Values, names: dict[str, str]) -> Values:
    return {names.get(name, name): value for name, value in values.items()}
