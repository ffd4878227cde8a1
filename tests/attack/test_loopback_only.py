"""A whole comparison and its report where there is no network but loopback, and that nothing tries to leave it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (
    *(
        "-m",
        "sfn_provider.cli",
        "compare",
        "dags/sales_pipeline.asl.json",
        "--input",
        "@dags/sales_pipeline.input.json",
    ),
    *("--mock", "dags/sales_pipeline.mocks.json#QualityPasses"),
)
_LOADED = re.compile(r"""<(?!a\s)[^<>]*\s(?:src|href|action)=["'](?:https?:)?//[^"']*|@import|url\(["']?http""")
"""What a browser loads from elsewhere; a link of a text is followed by its reader alone."""

ALONE = ("unshare", "--map-root-user", "--net")


def _why_not() -> str | None:
    if "SFN_PROVIDER_ATTACK" not in os.environ:
        return "it starts an Airflow under strace; make test-attack does"
    missing = [tool for tool in ("unshare", "strace") if shutil.which(tool) is None]
    if missing:
        return f"needs {' and '.join(missing)}"
    done = subprocess.run([*ALONE, "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else "this system permits no network namespace"


REASON = _why_not()


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_a_comparison_works_without_a_network_and_asks_for_none(tmp_path: Path) -> None:
    trace, report = tmp_path / "trace", tmp_path / "report.html"
    strace = ("strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace))
    done = subprocess.run(
        [*ALONE, *strace, sys.executable, *COMMAND, "--html", str(report)],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    calls = re.findall(r"sin6?_addr=.*|inet_pton\(.*", trace.read_text(encoding="utf-8"))
    assert trace.stat().st_size > 0
    assert [call for call in calls if "127.0.0.1" not in call and '"::1"' not in call] == []
    assert _LOADED.findall('<link href="//x/a.css"><img src="https://x"><a href="https://x">') == [
        '<link href="//x/a.css',
        '<img src="https://x',
    ]
    assert _LOADED.findall(report.read_text(encoding="utf-8")) == []
