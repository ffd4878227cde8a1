"""Service models that sessions of botocore share."""

from __future__ import annotations

from pathlib import Path

import boto3
from botocore.loaders import create_loader

from sfn_provider.compare.calls.interception.service_models import share_service_models


def models_of_two_sessions() -> list[object]:
    return [create_loader().load_service_model("sqs", "service-2") for _ in range(2)]


def test_sessions_share_their_models_while_calls_are_caught() -> None:
    before, other = models_of_two_sessions()
    assert before is not other
    with share_service_models():
        shared, again = models_of_two_sessions()
        assert shared is again and shared == before
    after, _ = models_of_two_sessions()
    assert after is not shared and after == before


def test_a_session_has_the_models_of_all_its_folders_and_of_no_other() -> None:
    def services_with_resources(*folders: Path) -> list[str]:
        loader = create_loader()
        loader.search_paths.extend(map(str, folders))
        return loader.list_available_services("resources-1")

    folder = Path(boto3.__file__).with_name("data")
    expected = services_with_resources(folder)
    assert "sqs" in expected
    with share_service_models():
        assert [services_with_resources(), services_with_resources(folder)] == [[], expected]
        assert [services_with_resources(), services_with_resources(folder)] == [[], expected]
