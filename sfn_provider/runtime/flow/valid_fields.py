"""Recognizes states whose fields are surely valid, without the linter.

A DAG file is parsed again and again, and importing the linter takes longer than parsing most files. So the linter reads
only what is not recognized here: states with a mistake, and the few that are written in an unusual way. In what is
recognized the linter finds no error; tests compare the two.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sfn_provider.runtime.flow.known_resources import is_known_resource
from sfn_provider.runtime.flow.valid_values import (
    Check,
    are_credentials,
    are_texts,
    is_constant,
    is_path_into_input,
    is_path_or_call,
    is_path_or_null,
    is_plain_number,
    is_plain_template,
    is_plain_value,
    is_reference,
    is_result_path,
    is_text,
    is_timestamp,
    is_truth,
    number,
)

Json = Any

_MAX_SECONDS = 99_999_999


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The fields of each kind of object. Source: sfn_provider.asl.model.
_COMMON = "Type Comment QueryLanguage"
_FLOW = f"{_COMMON} InputPath OutputPath Output Assign"
_GOING = f"{_FLOW} Next End"
_RUN = f"{_GOING} ResultPath ResultSelector Retry Catch"
_FIELDS = {
    name: _words(fields)
    for name, fields in {
        "Task": f"{_RUN} Resource Parameters Arguments Credentials TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds "
        "HeartbeatSecondsPath",
        "Parallel": f"{_RUN} Parameters Arguments Branches",
        "Map": f"{_RUN} Parameters Items ItemsPath ItemSelector ItemProcessor Iterator ItemReader ItemBatcher "
        "ResultWriter MaxConcurrency MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath "
        "ToleratedFailurePercentage ToleratedFailurePercentagePath Label",
        "Pass": f"{_GOING} ResultPath Parameters Result",
        "Wait": f"{_GOING} Seconds SecondsPath Timestamp TimestampPath",
        "Choice": f"{_FLOW} Choices Default",
        "Succeed": f"{_COMMON} InputPath OutputPath Output",
        "Fail": f"{_COMMON} Error ErrorPath Cause CausePath",
        "a retrier": "ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Comment",
        "a catcher": "ErrorEquals Next ResultPath Assign Output Comment",
        "a JSONata rule": "Condition Next Assign Output Comment",
        "a scope": "StartAt States Comment ProcessorConfig",
        "ItemReader": "Resource ReaderConfig Parameters Arguments",
        "ReaderConfig": "InputType CSVHeaderLocation CSVHeaders MaxItems MaxItemsPath",
        "ItemBatcher": "BatchInput MaxItemsPerBatch MaxInputBytesPerBatch",
        "ResultWriter": "Resource Parameters Arguments",
    }.items()
}
_NOT_IN: dict[str, frozenset[str]] = {
    "JSONPath": _words("Arguments Output Items Condition"),
    "JSONata": _words(
        "InputPath OutputPath ResultPath ResultSelector Parameters Result ItemsPath SecondsPath TimestampPath "
        "TimeoutSecondsPath HeartbeatSecondsPath MaxConcurrencyPath ToleratedFailureCountPath MaxItemsPath "
        "ToleratedFailurePercentagePath ErrorPath CausePath"
    ),
}
"""The fields of the other query language."""
_EXCLUSIVE = (
    *((name, f"{name}Path") for name in ("TimeoutSeconds", "HeartbeatSeconds", "Error", "Cause", "MaxConcurrency")),
    *((f"ToleratedFailure{name}", f"ToleratedFailure{name}Path") for name in ("Count", "Percentage")),
    ("MaxItems", "MaxItemsPath"),
    ("ItemSelector", "Parameters"),
)
_PAIRS = {name: other for pair in _EXCLUSIVE for name, other in (pair, pair[::-1])}
"""Fields of which a state has one."""


def is_plain_state(fields: Json, language: str, *, whole: bool = True) -> bool:
    """Return True for a state whose fields are surely valid, apart from the states that it may go to.

    Args:
        fields: the state's fields as in the definition.
        language: the query language of the state and of the states inside of it, unless they have one of their own.
        whole: False for a task that has only a part of the state's fields: the start or the join of a task group.
    """
    kind = fields.get("Type") if isinstance(fields, dict) else None
    fits = _FIT.get(kind) if isinstance(kind, str) else None
    if fits is None or not _are_plain(fields, kind, fields.get("QueryLanguage", language), language):
        return False
    return not whole or fits(fields)


def _are_plain(fields: Json, kind: Any, language: Json, outer: str) -> bool:
    """Return True for an object that has only fields of its kind, and of its query language, with surely valid values.

    Args:
        fields: the object.
        kind: a key of `_FIELDS`.
        language: the query language of the state.
        outer: that of states inside.
    """
    if not isinstance(fields, dict) or language not in ("JSONPath", "JSONata"):
        return False
    names, refused, jsonata = _FIELDS[kind], _NOT_IN[language], language == "JSONata"
    for name, value in fields.items():
        if name not in names or name in refused or (name in _PAIRS and _PAIRS[name] in fields and not jsonata):
            return False
        if jsonata and type(value) is str and value.startswith("{%"):
            if name not in _EXPRESSIONS or not value.endswith("%}"):
                return False
        elif name in _NESTED:
            if not _NESTED[name](value, language, outer):
                return False
        elif name in _VALUES and not _VALUES[name](value):
            return False
    return True


_EXPRESSIONS = _words(
    "Arguments Output Items ItemSelector Seconds Timestamp TimeoutSeconds HeartbeatSeconds MaxConcurrency "
    "ToleratedFailureCount ToleratedFailurePercentage Error Cause Condition MaxItems BatchInput MaxItemsPerBatch "
    "MaxInputBytesPerBatch"
)
"""Fields that may be one JSONata expression."""

# Values ---------------------------------------------------------------------------------------------------------------

_VALUES: dict[str, Check] = {
    "Comment": is_text,
    "End": is_truth,
    "InputPath": is_path_or_null,
    "OutputPath": is_path_or_null,
    "ResultPath": is_result_path,
    "ResultSelector": lambda value: isinstance(value, dict) and is_plain_template(value),
    "Parameters": is_plain_template,
    "Arguments": is_plain_value,
    "Output": is_plain_value,
    "Result": is_plain_value,
    "Credentials": are_credentials,
    "TimeoutSeconds": number(1, _MAX_SECONDS),
    "TimeoutSecondsPath": is_reference,
    "HeartbeatSeconds": number(1, _MAX_SECONDS),
    "HeartbeatSecondsPath": is_reference,
    "ItemsPath": is_reference,
    "Items": lambda value: isinstance(value, (list, dict)) and is_plain_value(value),
    "MaxConcurrency": number(),
    "MaxConcurrencyPath": is_path_into_input,
    "ToleratedFailureCount": number(),
    "ToleratedFailureCountPath": is_path_into_input,
    "ToleratedFailurePercentage": lambda value: is_plain_number(value) and 0 <= value <= 100,
    "ToleratedFailurePercentagePath": is_path_into_input,
    "Label": lambda value: isinstance(value, str) and value.isascii() and value.isalnum() and len(value) <= 40,
    "Seconds": number(0, _MAX_SECONDS),
    "SecondsPath": is_reference,
    "Timestamp": is_timestamp,
    "TimestampPath": is_reference,
    "Error": is_constant,
    "ErrorPath": is_path_or_call,
    "Cause": is_constant,
    "CausePath": is_path_or_call,
    "ErrorEquals": are_texts,
    "IntervalSeconds": number(0, _MAX_SECONDS),
    "MaxAttempts": number(0, _MAX_SECONDS),
    "BackoffRate": lambda value: is_plain_number(value) and value >= 1,
    "MaxDelaySeconds": number(1, 31_622_400),
    "JitterStrategy": lambda value: value in ("FULL", "NONE"),
    "Condition": is_truth,
    "InputType": lambda value: value in ("CSV", "JSON", "JSONL"),
    "CSVHeaderLocation": lambda value: value == "FIRST_ROW",
    "CSVHeaders": are_texts,
    "MaxItems": number(0, 100_000_000),
    "MaxItemsPath": is_path_into_input,
    "MaxItemsPerBatch": number(),
    "MaxInputBytesPerBatch": number(0, 262_144),
}
"""The checks of fields by name: a name means the same in all kinds of objects. Others are in `_NESTED`, or flow."""

# Objects --------------------------------------------------------------------------------------------------------------


def _is_payload(value: Json, language: str, outer: str) -> bool:
    return is_plain_value(value) if language == "JSONata" else is_plain_template(value)


def _is_assign(value: Json, language: str, outer: str) -> bool:
    return (
        isinstance(value, dict)
        and all(
            name.removesuffix(".$" if language == "JSONPath" else "").isidentifier()
            and name.isascii()
            and name[0] != "_"
            for name in value
        )
        and _is_payload(value, language, outer)
    )


def _handlers(kind: str) -> Callable[[Json, str, str], bool]:
    def are_plain(value: Json, language: str, outer: str) -> bool:
        """Return True where each retrier or catcher names errors, and States.ALL is alone in the last one."""
        if not isinstance(value, (list, tuple)):
            return False
        for place, entry in enumerate(value, 1):
            if not _are_plain(entry, kind, language, outer) or "ErrorEquals" not in entry:
                return False
            if "States.ALL" in entry["ErrorEquals"] and (len(entry["ErrorEquals"]) > 1 or place < len(value)):
                return False
        return True

    return are_plain


def _are_rules(value: Json, language: str, outer: str) -> bool:
    if not isinstance(value, (list, tuple)) or not value:
        return False
    if language == "JSONata":
        return all(_are_plain(rule, "a JSONata rule", language, outer) and "Condition" in rule for rule in value)
    return all(map(_is_rule, value))


def _is_rule(rule: Json, *, inner: bool = False) -> bool:
    """Return True for a rule of a JSONPath Choice that makes one test."""
    if not isinstance(rule, dict):
        return False
    tests, compared = [], 0
    for name, value in rule.items():
        if name in _RULE_TESTS:
            fits = _RULE_TESTS[name](value)
            tests.append(name)
        elif name in _RULE_FIELDS:
            fits = name == "Comment" or not inner
            fits = fits and (
                name == "Next" or is_text(value) if name != "Assign" else _is_assign(value, "JSONPath", "")
            )
        else:
            check = _operand_check(name)
            fits, compared = check is not None and check(value), compared + 1
        if not fits:
            return False
    return len(tests) == 1 and compared == (tests[0] == "Variable")


def _is_inner_rule(rule: Json) -> bool:
    return _is_rule(rule, inner=True)


def _are_inner_rules(rules: Json) -> bool:
    return isinstance(rules, (list, tuple)) and len(rules) > 0 and all(map(_is_inner_rule, rules))


_RULE_TESTS: dict[str, Check] = {
    "Variable": is_reference,
    "And": _are_inner_rules,
    "Or": _are_inner_rules,
    "Not": _is_inner_rule,
}
_RULE_FIELDS: dict[str, Check] = {
    "Next": lambda value: True,
    "Comment": is_text,
    "Assign": lambda value: _is_assign(value, "JSONPath", ""),
}
_OPERANDS: dict[str, Check] = {
    "String": is_text,
    "Numeric": is_plain_number,
    "Timestamp": is_timestamp,
    "Boolean": is_truth,
}
_ORDERED = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_TESTED = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")


def _operand_check(name: str) -> Check | None:
    """Return the check of what a comparison compares with; None where no comparison has the name."""
    if name in _TESTED:
        return is_truth
    if name == "StringMatches":
        return is_text
    kind = next((kind for kind in _OPERANDS if name.startswith(kind)), None)
    relation = name[len(kind) :].removesuffix("Path") if kind is not None else ""
    if kind is None or relation not in (_ORDERED if kind != "Boolean" else _ORDERED[:1]):
        return None
    return is_reference if name.endswith("Path") else _OPERANDS[kind]


def _is_scope(scope: Json, language: str, outer: str) -> bool:
    """Return True for a branch or an item processor whose states are surely valid."""
    if not _are_plain(scope, "a scope", "JSONPath", outer):
        return False
    states = scope.get("States")
    if not isinstance(states, dict) or not states or not isinstance(scope.get("StartAt"), str):
        return False
    return all(is_plain_state(state, outer) for state in states.values())


def _are_branches(value: Json, language: str, outer: str) -> bool:
    return isinstance(value, (list, tuple)) and all(
        _is_scope(branch, language, outer) and "ProcessorConfig" not in branch for branch in value
    )


_PROCESSOR_CONFIGS = (
    {"Mode": "INLINE"},
    {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
)


def _is_reader(value: Json, language: str, outer: str) -> bool:
    return _are_plain(value, "ItemReader", language, outer) and value.get("Resource") in (
        "arn:aws:states:::s3:getObject",
        "arn:aws:states:::s3:listObjectsV2",
    )


def _is_reader_config(value: Json, language: str, outer: str) -> bool:
    if not _are_plain(value, "ReaderConfig", language, outer):
        return False
    return bool(("CSVHeaderLocation" in value) == (value.get("InputType") == "CSV"))


def _is_batcher(value: Json, language: str, outer: str) -> bool:
    return _are_plain(value, "ItemBatcher", language, outer) and any(name.startswith("Max") for name in value)


def _is_writer(value: Json, language: str, outer: str) -> bool:
    if not _are_plain(value, "ResultWriter", language, outer) or value.get("Resource") != _WRITER:
        return False
    parameters = value.get("Arguments" if language == "JSONata" else "Parameters")
    return isinstance(parameters, dict) and ("Bucket" in parameters or "Bucket.$" in parameters)


_WRITER = "arn:aws:states:::s3:putObject"
_NESTED: dict[str, Callable[[Json, str, str], bool]] = {
    "Retry": _handlers("a retrier"),
    "Catch": _handlers("a catcher"),
    "Choices": _are_rules,
    "Branches": _are_branches,
    "ItemProcessor": _is_scope,
    "Iterator": _is_scope,
    "ProcessorConfig": lambda value, language, outer: value in _PROCESSOR_CONFIGS,
    "ItemReader": _is_reader,
    "ReaderConfig": _is_reader_config,
    "ItemBatcher": _is_batcher,
    "ResultWriter": _is_writer,
    "Assign": _is_assign,
    "ItemSelector": _is_payload,
    "BatchInput": _is_payload,
}
"""The checks of fields that depend on the query language of the state and of the states inside."""

# States ---------------------------------------------------------------------------------------------------------------


def _fits_task(fields: Mapping[str, Json]) -> bool:
    heartbeat, timeout = fields.get("HeartbeatSeconds"), fields.get("TimeoutSeconds")
    resource = fields.get("Resource")
    if not isinstance(resource, str) or not is_known_resource(resource):
        return False
    if type(heartbeat) is type(timeout) is int and heartbeat >= timeout:
        return False
    sent, text = fields.get("Parameters", {}), fields.get("Arguments", {})
    # An integration takes an object, a function anything.
    is_object = isinstance(sent, dict) and (isinstance(text, dict) or str(text).startswith("{%"))
    return is_object or resource.startswith("arn:aws:lambda:")


def _fits_wait(fields: Mapping[str, Json]) -> bool:
    return sum(name in fields for name in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")) == 1


_FIT: dict[str, Check] = {
    "Task": _fits_task,
    "Wait": _fits_wait,
    "Map": lambda fields: ("ItemProcessor" in fields) != ("Iterator" in fields),
    "Choice": lambda fields: "Choices" in fields,
    "Parallel": lambda fields: bool(fields.get("Branches")),
    "Pass": lambda fields: True,
    "Succeed": lambda fields: True,
    "Fail": lambda fields: True,
}
"""What the fields of a type must be together."""
