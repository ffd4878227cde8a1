"""How a parameter's value is written as an argument of an operator.

A value is a tree of dicts and lists. Whatever else is a leaf: a literal, or what stands for a value that is known only
when the DAG runs; only literals are looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal[
    "value",
    "json",
    "text",
    "text_map",
    "list_of_one",
    "api_names",
    "string_attributes",
    "tag_map",
    "event_entries",
    "copy_source",
    "object_keys",
]
"""The ways of writing: see `KINDS`."""


class NotExpressible(Exception):
    """The operator cannot be used with these parameters: its text says why."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """The JSON text of a value.

    Args:
        value: a tree.
    """

    value: Any


@dataclass(frozen=True, slots=True)
class TextOf:
    """A value that is only known when the DAG runs: itself where it is a text, its JSON text otherwise.

    Args:
        value: a leaf.
    """

    value: Any


def _unchanged(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    """Write an object or array as its JSON text, as Step Functions does for fields of type string."""
    if isinstance(value, (dict, list)):
        return JsonText(value)
    return value if isinstance(value, (str, int, float)) else TextOf(value)


def _text_map(value: Any) -> Any:
    return {name: _text(entry) for name, entry in value.items()} if isinstance(value, dict) else value


def _list_of_one(value: Any) -> Any:
    return [value]


# The fields of ECS, Batch, EMR and Bedrock whose keys are the user's, and those that are objects or lists of objects.
_MAPS_TEXT: Final = """
annotations encryptionContext equals hyperParameters jobTemplateParameters labels limits logTypes notEquals parameters
properties requests tags
"""
_STRUCTURES_TEXT: Final = """
andAll applicationConfiguration arrayProperties awsvpcConfiguration capacityProviderStrategy
cloudWatchLoggingConfiguration cloudWatchMonitoringConfiguration configurationOverrides configurations
consumableResourceList consumableResourcePropertiesOverride containerLogRotationConfiguration containerOverrides
containers customModelTags customizationConfig dependsOn diskEncryptionConfiguration distillationConfig
ecsPropertiesOverride eksPropertiesOverride env environment environmentFiles ephemeralStorage evaluateOnExit
executionIamPolicy graderConfig hive hyperParameters inferenceAcceleratorOverrides initContainers invocationLogSource
invocationLogsConfig jobDriver jobTags lambdaGrader managedEBSVolume managedLogs
managedPersistenceMonitoringConfiguration metadata monitoringConfiguration networkConfiguration nodeOverrides
nodePropertyOverrides orAll outputDataConfig overrides placementConstraints placementStrategy podProperties
prometheusMonitoringConfiguration requestMetadataFilters resourceRequirements resources retryPolicy
retryPolicyConfiguration retryStrategy rftConfig s3MonitoringConfiguration sparkSqlJobDriver sparkSubmit
sparkSubmitJobDriver tagSpecifications tags taskProperties teacherModelConfig terminationPolicy timeout
trainingDataConfig validationDataConfig validators volumeConfigurations vpcConfig
"""
MAPS: Final = frozenset(_MAPS_TEXT.split())
"""Fields whose keys are not changed by the kind ``api_names``."""
STRUCTURES: Final = frozenset(_STRUCTURES_TEXT.split())
"""Fields whose fields are changed by it."""


def _api_names(value: Any) -> Any:
    """Make the first letter of each field small, as the service itself spells it."""
    if not isinstance(value, (dict, list)):
        raise NotExpressible("an object is only known when the DAG runs, and its fields have other names there")
    return _with_api_names(value)


def _with_api_names(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_api_names(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {name: _api_field(name, entry) for name, entry in ((_api_name(key), each) for key, each in value.items())}


def _api_name(name: str) -> str:
    return name[:1].lower() + name[1:]


def _api_field(name: str, value: Any) -> Any:
    if name in MAPS and isinstance(value, dict):
        return value
    parts = value if isinstance(value, list) else [value]
    if name in STRUCTURES and not all(isinstance(part, dict) for part in parts):
        raise NotExpressible(f"{name} is only known when the DAG runs, and its fields have other names there")
    return _with_api_names(value)


def _string_attributes(value: Any) -> Any:
    """Write message attributes as a flat dict, whose values become attributes of type String."""
    if not isinstance(value, dict):
        raise NotExpressible("the message attributes are only known when the DAG runs")
    return {name: _string_attribute(name, entry) for name, entry in value.items()}


def _string_attribute(name: str, entry: Any) -> Any:
    if not isinstance(entry, dict) or set(entry) != {"DataType", "StringValue"} or entry["DataType"] != "String":
        raise NotExpressible(f"the message attribute {name!r} is not a literal of type String")
    return entry["StringValue"]


def _tag_map(value: Any) -> Any:
    """Write tags, a list of keys and values, as a dict."""
    if not isinstance(value, list) or not all(isinstance(tag, dict) and set(tag) == {"Key", "Value"} for tag in value):
        raise NotExpressible("the tags are not a literal list of Key and Value")
    if not all(isinstance(tag["Key"], str) for tag in value):
        raise NotExpressible("the keys of the tags are only known when the DAG runs")
    return {tag["Key"]: tag["Value"] for tag in value}


def _event_entries(value: Any) -> Any:
    """Write the detail of each event as JSON text."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise NotExpressible("the entries are only known when the DAG runs")
    return [{name: _text(part) if name == "Detail" else part for name, part in entry.items()} for entry in value]


def _copy_source(value: Any) -> Any:
    """Write the bucket and key that an object is copied from as a URL of S3."""
    if not isinstance(value, str) or "/" not in value.lstrip("/") or any(mark in value for mark in "%?"):
        raise NotExpressible("CopySource is no literal of the form bucket/key")
    return f"s3://{value.lstrip('/')}"


def _object_keys(value: Any) -> Any:
    """Write the objects that are deleted as a list of their keys."""
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        raise NotExpressible("the objects are only known when the DAG runs")
    if others := sorted({name for each in value for name in each} - {"Key"}):
        raise NotExpressible(f"an object that is deleted has {', '.join(others)}")
    return [each["Key"] for each in value]


KINDS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "value": _unchanged,
    "json": JsonText,
    "text": _text,
    "text_map": _text_map,
    "list_of_one": _list_of_one,
    "api_names": _api_names,
    "string_attributes": _string_attributes,
    "tag_map": _tag_map,
    "event_entries": _event_entries,
    "copy_source": _copy_source,
    "object_keys": _object_keys,
}
"""What writes a value, by kind. Each raises `NotExpressible` where the operator cannot be used with it."""
