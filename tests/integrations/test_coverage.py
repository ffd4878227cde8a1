from __future__ import annotations

from pathlib import Path

from sfn_provider.integrations import IntegrationDetails, SupportedResource, integration_details, supported_resources
from tests.fixtures.session.versions import from_boto3

DOCS = Path(__file__).parents[2] / "docs"


def rows(document: str) -> list[str]:
    lines = (DOCS / document).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| `")]


REPEATED = {"once": "made once", "same": "comes to the same", "twice": "made twice"}


def rows_of_integrations() -> list[str]:
    """What `docs/integrations.md` has for each integration. Print it where the table is to be written anew."""
    ends = {entry.resource: entry for entry in integration_details()}
    return [row(covered, ends.get(covered.resource)) for covered in supported_resources()]


def row(covered: SupportedResource, end: IntegrationDetails | None) -> str:
    first = f"| `{covered.resource}` | {', '.join(covered.patterns)} | `{covered.error_prefix}.*` |"
    if end is None:
        token = "made once where the model has a token, else twice" if "aws-sdk" in covered.resource else "made twice"
        return f"{first} | | | {token} |"
    return f"{first} {', '.join(end.succeeds)} | {', '.join(end.fails)} | {end.result} | {REPEATED[end.repeated]} |"


@from_boto3(1, 43, reason="does not know all services of the table")
def test_the_table_of_integrations_is_what_the_code_covers() -> None:
    assert rows("integrations.md") == rows_of_integrations()


def job_row(job: IntegrationDetails) -> str:
    looks = f"{job.batch[1]} by {job.batch[0]}" if job.batch is not None else "each alone"
    once = f"token `{job.token}`" if job.token else f"search by {job.search}" if job.search else ""
    return f"| `{job.resource}.sync` | {looks} | {job.stop or ''} | {once} |"


def test_the_table_of_jobs_is_what_the_code_does() -> None:
    assert rows("jobs.md") == [job_row(job) for job in integration_details() if job.has_jobs]
