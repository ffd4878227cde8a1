from __future__ import annotations

from collections.abc import Callable

import pytest

from sfn_provider.botocore_models import naming

Case = tuple[Callable[[str], str], str, str]

CASES: tuple[Case, ...] = (
    (naming.uncapitalize, "DescribeDBInstances", "describeDBInstances"),
    (naming.uncapitalize, "PutItem", "putItem"),
    (naming.uncapitalize, "ABTest", "abTest"),
    (naming.uncapitalize, "ETag", "eTag"),
    (naming.uncapitalize, "ARN", "arn"),
    (naming.uncapitalize, "A", "a"),
    (naming.sdk_field, "DBInstanceIdentifier", "DbInstanceIdentifier"),
    (naming.sdk_field, "SSEKMSKeyId", "SsekmsKeyId"),
    (naming.sdk_field, "ChecksumCRC32", "ChecksumCRC32"),
    (naming.sdk_field, "executionArn", "ExecutionArn"),
    (naming.sdk_field, "equals", "EqualsValue"),
    (naming.sdk_field, "Default", "DefaultValue"),
    (naming.capitalize, "md5OfBody", "Md5OfBody"),
    (naming.capitalize, "MD5OfMessageBody", "MD5OfMessageBody"),
    (naming.exception_name, "NoSuchKey", "NoSuchKeyException"),
    (naming.exception_name, "ResourceNotFoundException", "ResourceNotFoundException"),
    (naming.exception_name, "DBClusterNotFoundFault", "DbClusterNotFoundException"),
    (naming.exception_name, "KMSAccessDeniedException", "KmsAccessDeniedException"),
    (naming.exception_name_v1, "StateMachineDoesNotExist", "StateMachineDoesNotExistException"),
    (naming.exception_name_v1, "KMSDisabledException", "KMSDisabledException"),
    (naming.exception_name_v1, "SnapshotQuotaExceededFault", "SnapshotQuotaExceededException"),
    (naming.service_name, "DynamoDB", "DynamoDb"),
    (naming.service_name, "Secrets Manager", "SecretsManager"),
    (naming.service_name, "SFN", "Sfn"),
    (naming.service_name, "SESv2", "SesV2"),
    (naming.service_name, "IoTThingsGraph", "IoTThingsGraph"),
    (naming.service_name, "IoT", "Iot"),
    (naming.service_name, "FSx", "FSx"),
    (naming.service_name, "b2bi", "B2Bi"),
    (naming.service_name, "Database Migration Service", "DatabaseMigration"),
    (naming.service_name, "EC2", "Ec2"),
)


@pytest.mark.parametrize(("spell", "name", "spelled"), CASES, ids=[f"{case[0].__name__}-{case[1]}" for case in CASES])
def test_names_are_spelled_as_step_functions_spells_them(spell: Callable[[str], str], name: str, spelled: str) -> None:
    assert spell(name) == spelled
