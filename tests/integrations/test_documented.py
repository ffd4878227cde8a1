from __future__ import annotations

from pathlib import Path

from sfn_provider.integrations import Followed, Supported, followed, supported

DOCS = Path(__file__).parents[2] / "docs"


def rows(document: str) -> list[str]:
    lines = (DOCS / document).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| `")]


def row(covered: Supported) -> str:
    return f"| `{covered.resource}` | {', '.join(covered.patterns)} | `{covered.error_prefix}.*` |"


def test_the_table_of_integrations_is_what_the_code_covers() -> None:
    assert rows("integrations.md") == [row(covered) for covered in supported()]


def job_row(job: Followed) -> str:
    looks = f"{job.batch[1]} by {job.batch[0]}" if job.batch is not None else "each alone"
    once = f"token `{job.token}`" if job.token else f"search by {job.search}" if job.search else ""
    return f"| `{job.resource}` | {looks} | {job.stop or ''} | {once} |"


def test_the_table_of_jobs_is_what_the_code_does() -> None:
    assert rows("jobs.md") == [job_row(job) for job in followed()]
