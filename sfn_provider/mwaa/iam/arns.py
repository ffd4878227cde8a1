"""Makes the ARNs of a policy from the values of parameters: names, URLs, ids and ARNs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_UNKNOWN_PART: Final = re.compile(r"\$\{[^}]*\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_EXPRESSION: Final = re.compile(r"\s*\{%.*%\}\s*", re.DOTALL)
_QUEUE: Final = re.compile(r"https?://(?:sqs\.([\w*-]+)\.[^/]+|([\w*-]+)\.queue\.[^/]+|[^/]+)/([\d*]+)/([^/]+)/?")
_API: Final = re.compile(r"(?:https://)?([\w*]+)\.execute-api\.([\w*-]+)\.[^/]+/?.*")
_INFERENCE_PROFILE: Final = re.compile(r"(?:us|eu|apac|au|ca|jp|sa|us-gov|global)\.(.+)")
_ARN: Final = re.compile(r"arn:[^:]+:([^:*]+):[^:]*:[^:]*:(.+)", re.DOTALL)
_STATES_KINDS: Final = frozenset({"stateMachine", "execution", "express", "mapRun", "activity", "stateMachineAlias"})
_MAX_LENGTH: Final = 600


def as_pattern(value: object) -> str | None:
    """Return a value as a part of a policy's resource, with ``*`` for what is known only in a run.

    Args:
        value: a value of a DAG file or a definition; placeholders ``${Name}`` and templates may stand in it.

    Returns:
        None where nothing of it is known, or where IAM would not take it.
    """
    if not isinstance(value, str) or not value or len(value) > _MAX_LENGTH or _EXPRESSION.fullmatch(value):
        return None
    if value.startswith("arn:"):
        value = re.sub(r"^arn:(?:\$\{[^}]*\}|\{\{.*?\}\})", "arn:aws", value)
    text = re.sub(r"\*+", "*", _UNKNOWN_PART.sub("*", value))
    if not text.strip("*:/. -") or any(not character.isprintable() or character in "${}" for character in text):
        return None
    if text.startswith("arn:"):
        matched = _ARN.fullmatch(text)
        return text if matched is not None and matched[2].strip("*:/") else None
    return text


def open_name(what: str, pattern: str, value: object) -> str:
    """Return that a value names several things, as the end of a sentence; an empty text where it names one.

    Args:
        what: what the value is of, as ``its JobName``.
        pattern: the value as `as_pattern` returns it: of several things a ``*`` stands within the name. One in the
            place of a partition, region or account, as of ``${AWS::Region}``, does not count.
        value: the value.
    """
    name = pattern.split(":", 5)[-1] if pattern.startswith("arn:") else pattern.rpartition("://")[2].rpartition("/")[2]
    return f"{what} is {value!r}" if "*" in name else ""


Converter = Callable[[str], tuple[str, ...]]
"""Makes resources, or parts of them, from a value as `as_pattern` returns it; none where it cannot.

A resource is an ARN, or what follows ``arn:PARTITION:`` in one.
"""


def _last(value: str) -> tuple[str, ...]:
    return (value.rpartition("/")[2],)


def _build(value: str) -> tuple[str, ...]:
    """Return the project of a build's id, ``project:uuid``, or its ARN."""
    return (value.rpartition("/")[2].partition(":")[0],)


def _revisions(value: str) -> tuple[str, ...]:
    """Return a definition of jobs or tasks in all revisions, where the value names none."""
    name = value.rpartition("/")[2]
    return (value,) if ":" in name else (value, f"{value}:*")


def _function(value: str) -> tuple[str, ...]:
    """Return a function in all versions. It is named by its ARN, its name, or an account and its name."""
    if value.startswith("arn:"):
        arn = value
    elif ":function:" in value:
        account, _, name = value.partition(":function:")
        arn = f"lambda:*:{account.rpartition(':')[2]}:function:{name}"
    else:
        arn = f"lambda:*:*:function:{value}"
    _, _, name = arn.partition(":function:")
    return (arn,) if ":" in name else (arn, f"{arn}:*")


def _queue(value: str) -> tuple[str, ...]:
    matched = _QUEUE.fullmatch(value)
    if matched is None:
        return ()
    return (f"sqs:{matched[1] or matched[2] or '*'}:{matched[3]}:{matched[4]}",)


def _bucket(value: str) -> tuple[str, ...]:
    """Return the bucket of a bucket's name, of ``bucket/key``, or of ``s3://bucket/key``."""
    text = value.removeprefix("s3://")
    return (text,) if text.startswith("arn:") else (f"s3:::{text.lstrip('/').partition('/')[0]}",)


def _secret(value: str) -> tuple[str, ...]:
    """Return a secret, whose ARN has six random characters at its end that names leave out."""
    if not value.startswith("arn:"):
        return (f"secretsmanager:*:*:secret:{value}-??????",)
    return (value, f"{value}-??????")


def _connection(value: str) -> tuple[str, ...]:
    """Return a connection of EventBridge: ``arn:aws:events:REGION:ACCOUNT:connection/NAME/ID``."""
    head, _, rest = value.partition(":connection/")
    name = rest.partition("/")[0]
    return (f"{head}:connection/{name}", f"{head}:connection/{name}/*") if name and head.startswith("arn:") else ()


def _connection_secret(value: str) -> tuple[str, ...]:
    """Return the secret that EventBridge has made for a connection.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#connect-http-task-permissions
    """
    head, _, rest = value.partition(":connection/")
    name = rest.partition("/")[0]
    parts = head.split(":")
    if not name or len(parts) != 5:
        return ()
    return (f"arn:{parts[1]}:secretsmanager:{parts[3]}:{parts[4]}:secret:events!connection/{name}/*",)


def _api(value: str) -> tuple[str, ...]:
    matched = _API.fullmatch(value)
    return (f"execute-api:{matched[2]}:*:{matched[1]}",) if matched else ()


def _model(value: str) -> tuple[str, ...]:
    """Return a model of Bedrock; an inference profile also calls the model that it is for, in several regions.

    Source: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    name = value.rpartition("/")[2]
    profile = _INFERENCE_PROFILE.fullmatch(name)
    models = (f"bedrock:*::foundation-model/{profile[1]}",) if profile else ()
    if value.startswith("arn:"):
        applies = ":application-inference-profile/" in value
        return (value, *models, *(("bedrock:*::foundation-model/*",) if applies else ()))
    return (f"bedrock:*:*:inference-profile/{name}", *models) if profile else (f"bedrock:*::foundation-model/{value}",)


def _key(value: str) -> tuple[str, ...]:
    """Return a key of KMS; policies take no alias."""
    if "alias/" in value:
        return ()
    return (value,) if value.startswith("arn:") else (f"kms:*:*:key/{value}",)


def _parameter(value: str) -> tuple[str, ...]:
    """Return a parameter of Systems Manager and those below it; its ARN lacks the slash at the start of its name."""
    arn = value if value.startswith("arn:") else f"ssm:*:*:parameter/{value.strip('/')}"
    return (arn, f"{arn}/*")


def _lower(value: str) -> tuple[str, ...]:
    """Return a name of SageMaker, which is in lower case in ARNs."""
    return (value.lower(),) if not value.startswith("arn:") else (value,)


def _whole(value: str) -> tuple[str, ...]:
    return (value,) if value.startswith("arn:") else ()


def _states(*suffixes: str) -> Converter:
    """Return what makes resources from the ARN of a machine or of anything of it: suffixes with ``{}`` for its name."""

    def convert(value: str) -> tuple[str, ...]:
        parts = value.split(":")
        if len(parts) < 7 or parts[0] != "arn" or parts[2] != "states" or parts[5] not in _STATES_KINDS:
            return ()
        name = parts[6].partition("/")[0]
        return tuple(":".join([*parts[:5], suffix.format(name)]) for suffix in suffixes) if name else ()

    return convert


CONVERTERS: Final[dict[str, Converter]] = {
    "activity": _states("activity:{}"),
    "api": _api,
    "arn": _whole,
    "bucket": _bucket,
    "build": _build,
    "connection": _connection,
    "connection_secret": _connection_secret,
    # Children of Map Runs have a label behind the machine's name; those of Express Map Runs another kind.
    "executions": _states("execution:{}:*", "execution:{}/*", "express:{}/*"),
    "function": _function,
    "key": _key,
    "last": _last,
    "lower": _lower,
    # With versions and aliases.
    "machine": _states("stateMachine:{}", "stateMachine:{}:*"),
    "map_runs": _states("mapRun:{}/*"),
    "model": _model,
    "parameter": _parameter,
    "queue": _queue,
    "revisions": _revisions,
    "secret": _secret,
}
"""By the names that `sfn_provider.mwaa.iam.resources.RESOURCES` has behind ``!``."""
