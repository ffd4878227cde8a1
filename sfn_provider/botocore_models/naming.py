"""Spells services, actions, fields and errors as Step Functions does.

AWS SDK integrations take their names from the AWS SDK for Java 2, whose code generator derives them from the service
models that botocore ships, too. Optimized integrations come from version 1, which only capitalizes.

Sources: the naming rules of the AWS SDK for Java 2 (``DefaultNamingStrategy``, ``CodegenNamingUtils``, ``Utils``);
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html (``EqualsValue``, error names).
"""

from __future__ import annotations

import re
from typing import Final

_FAULT: Final = "Fault"
_EXCEPTION: Final = "Exception"

# Java words that no method may be called: the SDK appends "Value", and Step Functions shows it.
_RESERVED_TEXT: Final = """
abstract assert boolean break byte case catch char class const continue default do double else enum extends false final
finally float for goto if implements import instanceof int interface long native new null package private protected
public return short static strictfp super switch synchronized this throw throws transient true try void volatile while
equals finalize getclass hashcode notify notifyall tostring wait builder sdkfields tobuilder overrideconfiguration
sdkhttpresponse
"""
_RESERVED: Final = frozenset(_RESERVED_TEXT.split())

_WORD_RULES: Final = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),
    (re.compile(r"([^A-Z]{2,})V([0-9]+)"), r"\1 V\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"([0-9])([a-zA-Z])"), r"\1 \2"),
)


def pascal_case(name: str) -> str:
    """Split a name into words and capitalize each: ``KMSInvalidState`` is ``KmsInvalidState``."""
    for pattern, replacement in _WORD_RULES:
        name = pattern.sub(replacement, name)
    return "".join(word.capitalize() for word in name.split())


def capitalize(name: str) -> str:
    """Make the first letter a capital and leave the others: a field of an optimized integration."""
    return name[:1].upper() + name[1:]


def uncapitalize(name: str) -> str:
    """Make the leading capitals small, but for one that begins a word: ``DBInstanceId`` is ``dbInstanceId``."""
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    return name[:end].lower() + name[end:]


def sdk_field(member: str) -> str:
    """Spell a field of an AWS SDK integration: ``DBInstanceId`` is ``DbInstanceId``, ``equals`` ``EqualsValue``."""
    name = uncapitalize(member)
    return capitalize(name + "Value" if name.lower() in _RESERVED else name)


def exception_name(shape: str) -> str:
    """Spell a modelled error: ``NoSuchKey`` is ``NoSuchKeyException``, ``DBInstanceNotFoundFault`` ends so, too."""
    return pascal_case(_stem(shape)) + _EXCEPTION


def exception_name_v1(shape: str) -> str:
    """Spell a modelled error of an optimized integration: as ``exception_name``, but capitals stay."""
    return capitalize(_stem(shape)) + _EXCEPTION


def _stem(shape: str) -> str:
    return shape.removesuffix(_FAULT) if shape.endswith(_FAULT) else shape.removesuffix(_EXCEPTION)


def service_name(service_id: str) -> str:
    """Spell a service as error names show it: ``DynamoDB`` is ``DynamoDb``, ``Secrets Manager`` ``SecretsManager``."""
    name = pascal_case(service_id).removeprefix("Amazon").removeprefix("Aws")
    return name.removesuffix("Service")
