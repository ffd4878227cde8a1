from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from sfn_provider.integrations.errors import ErrorNames, optimized_error_names, sdk_error_names, service_error
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS

SESSION = botocore.session.get_session()


@dataclass(frozen=True)
class Case:
    id: str
    service: str
    names: ErrorNames
    code: str
    error: str
    cause: str


CASES = (
    Case(
        "sdk, modelled",
        "rds",
        sdk_error_names("RDS"),
        "DBInstanceNotFound",
        "Rds.DbInstanceNotFoundException",
        "no (Service: Rds, Status Code: 418, Request ID: r-1)",
    ),
    Case(
        "sdk, not modelled",
        "dynamodb",
        sdk_error_names("DynamoDB"),
        "ValidationException",
        "DynamoDb.DynamoDbException",
        "no (Service: DynamoDb, Status Code: 418, Request ID: r-1)",
    ),
    Case(
        "optimized, modelled by its code",
        "sns",
        OPTIMIZED_INTEGRATIONS["sns:publish"].errors,
        "NotFound",
        "SNS.NotFoundException",
        "no (Service: AmazonSNS; Status Code: 418; Error Code: NotFound; Request ID: r-1; Proxy: null)",
    ),
    Case(
        "optimized, not modelled",
        "dynamodb",
        OPTIMIZED_INTEGRATIONS["dynamodb:putItem"].errors,
        "Other",
        "DynamoDB.AmazonDynamoDBException",
        "no (Service: AmazonDynamoDBv2; Status Code: 418; Error Code: Other; Request ID: r-1; Proxy: null)",
    ),
    Case(
        "optimized, a refusal",
        "lambda",
        OPTIMIZED_INTEGRATIONS["lambda:invoke"].errors,
        "AccessDeniedException",
        "Lambda.AWSLambdaException",
        "no (Service: AWSLambda; Status Code: 418; Error Code: AccessDeniedException; Request ID: r-1; Proxy: null)",
    ),
)


def client_error(code: str, **metadata: Any) -> ClientError:
    metadata = {"HTTPStatusCode": 418, "RequestId": "r-1"} | metadata
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": metadata}, "Operation")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_errors_of_services(case: Case) -> None:
    error = service_error(client_error(case.code), SESSION.get_service_model(case.service), case.names)
    assert (error.error, error.cause) == (case.error, case.cause)


def test_a_second_request_id_is_shown() -> None:
    error = service_error(client_error("NoSuchKey", HostId="h"), SESSION.get_service_model("s3"), sdk_error_names("S3"))
    assert error.error == "S3.NoSuchKeyException"
    assert error.cause == "no (Service: S3, Status Code: 418, Request ID: r-1, Extended Request ID: h)"


def test_the_older_code_of_a_service_that_changed_its_protocol() -> None:
    error = ClientError({"Error": {"Code": "Other", "QueryErrorCode": "OverLimit", "Message": "m"}}, "Operation")
    named = service_error(error, SESSION.get_service_model("sqs"), optimized_error_names("SQS", "AmazonSQS"))
    assert named.error == "SQS.OverLimitException"
