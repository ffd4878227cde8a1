"""Computes the signature (AWS Signature Version 4) that a received HTTP request should have."""

from __future__ import annotations

import hashlib
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from time import strptime

CONTENT_DIGEST = "x-amz-content-sha256"


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it was received.

    Args:
        method: its method.
        url: its URL, with the host of its ``Host`` header.
        headers: its headers by their names in lower case.
        body: its body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def seconds_off(self, day: str, now: float) -> float:
        """Return how far its ``X-Amz-Date`` is from a time; infinity where it has none, or one of another day.

        Args:
            day: the day that its signature is of, ``20261129``.
            now: the time, seconds since the epoch.
        """
        date = self.headers.get("x-amz-date", "")
        try:
            moment = timegm(strptime(date, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            return float("inf")
        return abs(now - moment) if date.startswith(day) else float("inf")

    def signature(self, signed: list[str], access_key: str, secret: str, region: str, service: str) -> str | None:
        """Return the signature that it should have.

        Args:
            signed: the names of the headers that are signed.
            access_key: the key that it names.
            secret: the secret access key.
            region: the region that it is signed for.
            service: the service that it is signed for.

        Returns:
            The signature, in hexadecimal digits; None where none makes it valid: its ``X-Amz-Content-Sha256`` is not
            the digest of its body, of which the signature would cover that header alone, or its host makes no URL.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        digest = hashlib.sha256(self.body).hexdigest()
        if self.headers.get(CONTENT_DIGEST, digest) != digest:
            return None
        headers = {name: self.headers.get(name, "") for name in signed}
        request = AWSRequest(method=self.method, url=self.url, headers=headers, data=self.body)
        request.context["timestamp"] = self.headers.get("x-amz-date", "")
        signer = SigV4Auth(Credentials(access_key, secret), service, region)
        try:
            canonical = signer.canonical_request(request)
        except ValueError:
            return None
        return str(signer.signature(signer.string_to_sign(request, canonical), request))
