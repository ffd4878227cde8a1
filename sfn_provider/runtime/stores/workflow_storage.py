"""Stores snapshots and large outputs of the tasks of an MWAA Serverless workflow in S3."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sfn_provider.exceptions import UsageError
from sfn_provider.integrations.clients import Clients

if TYPE_CHECKING:
    from sfn_provider._compat import Context

STORAGE_VARIABLE: Final = "SFN_PROVIDER_STORAGE"
"""Environment variable of a workflow that names the folder: ``s3://bucket/folder``."""

_LOCATION = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<folder>.*))?")


class WorkflowStorage:
    """The objects of one task instance.

    Args:
        location: the folder: ``s3://bucket/folder``.
        names: the names of the DAG, its run and the task.
        clients: makes the client of S3.

    Raises:
        UsageError: the location is no folder of S3.
    """

    def __init__(self, location: str, names: tuple[str, ...], clients: Clients) -> None:
        match = _LOCATION.fullmatch(location)
        if match is None:
            raise UsageError(f"{STORAGE_VARIABLE} is {location!r}: name a folder of S3, such as s3://bucket/workflows")
        self._bucket = match["bucket"]
        folder = (match["folder"] or "").strip("/")
        # Run ids have colons and signs that are none of the characters that are safe in a key.
        self._prefix = "/".join([*([folder] if folder else []), *(quote(name, safe="") for name in names)])
        self._clients = clients

    def address(self, name: str) -> str:
        """Return the address of an object: ``s3://bucket/folder/dag/run/task/name``."""
        return f"s3://{self._bucket}/{self._prefix}/{name}"

    def read(self, name: str) -> str | None:
        """Return an object's text; None where there is none."""
        return self.read_address(self.address(name))

    def read_address(self, address: str) -> str | None:
        """Return the text of an object, which may be another task's; None where there is none.

        Raises:
            UsageError: S3 refuses to give it.
        """
        from botocore.exceptions import ClientError

        bucket, _, key = address.removeprefix("s3://").partition("/")
        try:
            return str(self._clients.get("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise self._refused("read", address, error) from error

    def write(self, name: str, text: str) -> None:
        """Write an object, in the place of the one of that name.

        Raises:
            UsageError: S3 refuses to take it.
        """
        self._call("put_object", name, Body=text.encode())

    def delete(self, name: str) -> None:
        """Delete an object; none of that name is fine.

        Raises:
            UsageError: S3 refuses to.
        """
        self._call("delete_object", name)

    def _call(self, method: str, name: str, **arguments: Any) -> None:
        from botocore.exceptions import ClientError

        try:
            getattr(self._clients.get("s3"), method)(Bucket=self._bucket, Key=f"{self._prefix}/{name}", **arguments)
        except ClientError as error:
            raise self._refused(method.removesuffix("_object"), self.address(name), error) from error

    @staticmethod
    def _refused(what: str, address: str, error: Exception) -> UsageError:
        return UsageError(
            f"cannot {what} {address}: {error}. {STORAGE_VARIABLE} names that folder: the workflow's role needs "
            "s3:GetObject, s3:PutObject and s3:DeleteObject in it, and s3:ListBucket of the bucket"
        )


def workflow_storage(context: Context) -> WorkflowStorage | None:
    """Return the storage of a task instance; None where the workflow names none.

    Raises:
        UsageError: what it names is no folder of S3.
    """
    location = os.environ.get(STORAGE_VARIABLE)
    if not location:
        return None
    instance: Any = context["ti"]
    task: Any = context["task"]
    names = (instance.dag_id, instance.run_id, instance.task_id)
    return WorkflowStorage(location, names, Clients(task.aws_conn_id, task.region_name))
