"""Builds addresses of the AWS console, which has a domain for each partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Source: the sign-in service's endpoint rules in botocore (data/signin), which name each partition's console domain.
CONSOLE_DOMAINS: Final[Mapping[str, str]] = {
    "aws": "aws.amazon.com",
    "aws-cn": "amazonaws.cn",
    "aws-eusc": "amazonaws-eusc.eu",
    "aws-iso": "c2shome.ic.gov",
    "aws-iso-b": "sc2shome.sgov.gov",
    "aws-iso-e": "csphome.adc-e.uk",
    "aws-iso-f": "csphome.hci.ic.gov",
    "aws-us-gov": "amazonaws-us-gov.com",
}


def console_url(partition: str, path: str) -> str:
    """Return the address of a page; an empty text for a partition that is not known.

    Args:
        partition: for example ``aws-cn``.
        path: what follows the console's host: ``/glue/home?region=cn-north-1``.
    """
    domain = CONSOLE_DOMAINS.get(partition)
    return f"https://console.{domain}{path}" if domain else ""
