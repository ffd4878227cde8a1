"""Opens boto3 clients for commands: AWS's errors become usage errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sfn_provider.exceptions import UsageError


@contextmanager
def open_client(service: str, arn: str, region: str, refusal: str) -> Iterator[Any]:
    """Open a client with the user's own credentials, and close it at the end.

    Args:
        service: boto3's name of the service.
        arn: what the calls are about, for errors.
        region: its region.
        refusal: what an error of AWS means: ``AWS refuses to read it``.

    Raises:
        UsageError: there are no credentials, or a call inside has failed; the message begins with the ARN.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        with closing(boto3.session.Session().client(service, region_name=region)) as client:
            yield client
    except NoCredentialsError as error:
        raise UsageError(
            f"{arn}: no AWS credentials to ask for it; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or log in with 'aws sso login'"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"{arn}: {refusal}: {error}") from error
