from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest

from sfn_provider.botocore_models.naming import service_name
from sfn_provider.botocore_models.resource_names import (
    SERVICE_NAMES,
    boto_service,
    operation_name,
)


@pytest.fixture(scope="module")
def session() -> Any:
    return botocore.session.get_session()


def service_id(session: Any, boto: str) -> str:
    """A service's id, from the head of its model: to parse all models takes more than a second."""
    version = session.get_component("data_loader").determine_latest_version(boto, "service-2")
    file = Path(botocore.__file__).parent / "data" / boto / version / "service-2.json"
    with file.open("rb") if file.exists() else gzip.open(f"{file}.gz") as model:
        found = re.search(rb'"serviceId" *: *"([^"]+)"', model.read(4096))
    return found[1].decode() if found is not None else str(session.get_service_model(boto).service_id)


def test_the_id_in_a_models_head_is_the_services(session: Any) -> None:
    for boto in ("sns", "s3", "stepfunctions"):
        assert service_id(session, boto) == session.get_service_model(boto).service_id


def test_every_service_of_boto3_is_found_by_the_name_that_resources_give_it(session: Any) -> None:
    available = session.get_available_services()
    names = {service_name(service_id(session, boto)).lower(): boto for boto in available}
    assert {name: boto_service(name, available) for name in names} == names


def test_the_table_has_no_service_that_the_rule_finds(session: Any) -> None:
    available = session.get_available_services()
    assert [name for name, boto in SERVICE_NAMES.items() if name in available or boto.replace("-", "") == name] == []


def test_boto3s_own_names_are_no_names_of_resources(session: Any) -> None:
    available = session.get_available_services()
    assert boto_service("cloudwatchlogs", available) == "logs"
    assert [boto_service(name, available) for name in ("logs", "stepfunctions", "bedrock-runtime")] == [None] * 3
    assert boto_service("sfn", ["s3"]) is None


@pytest.mark.parametrize(
    ("action", "operation"),
    [
        ("describeDBInstances", "DescribeDBInstances"),
        ("describeDbInstances", None),
        ("DescribeDBInstances", None),
        ("startDbInstanc", None),
        ("qqqqqq", None),
    ],
)
def test_actions(session: Any, action: str, operation: str | None) -> None:
    model = session.get_service_model("rds")
    assert operation_name(model, action) == operation
