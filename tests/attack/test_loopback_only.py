"""The commands of ``make demo`` where there is no network but loopback, and that nothing tries to leave it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SALES = "dags/sales_pipeline"
MOCKED = ("--input", f"@{SALES}.input.json", "--mock", f"{SALES}.mocks.json")


def _commands(folder: Path) -> dict[str, tuple[int, tuple[str, ...]]]:
    """The commands of ``make demo``, in its order, with their exit codes."""
    asl, native = f"{SALES}.asl.json", str(folder / "native.py")
    schedule = ("--schedule", "cron(0 2 * * ? *)")
    files = ("--output", str(folder / "exact.py"), "--html", str(folder / "report.html"))
    served = (f"SalesPipeline={asl}", "--mock", f"{SALES}.mocks.json#QualityPasses", "--time", "virtual", "--port", "0")
    return {
        "serve": (0, ("serve", *served, "--dag", "dags/start_sales_pipeline.py")),
        "compare": (0, ("compare", asl, *MOCKED, *schedule, *files)),
        "translate": (
            0,
            ("translate", asl, "--style", "native", *MOCKED[:2], *schedule, "--output", native, "--report"),
        ),
        "compare native": (1, ("compare", asl, "--dag-file", native, *MOCKED)),
    }


_LOADED = re.compile(r"""<(?!a\s)[^<>]*\s(?:src|href|action)=["'](?:https?:)?//[^"']*|@import|url\(["']?http""")
"""What a browser loads from elsewhere; a link of a text is followed by its reader alone."""

ALONE = ("unshare", "--map-root-user", "--net")
WITH_LOOPBACK = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def _why_not() -> str | None:
    if "SFN_PROVIDER_ATTACK" not in os.environ:
        return "it starts Airflows under strace; make test-attack does"
    missing = [tool for tool in ("unshare", "strace", "ip") if shutil.which(tool) is None]
    if missing:
        return f"needs {' and '.join(missing)}"
    done = subprocess.run([*ALONE, "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else "this system permits no network namespace"


REASON = _why_not()


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_the_demonstration_works_with_loopback_alone_and_asks_for_nothing_else(tmp_path: Path) -> None:
    for name, (exit_code, arguments) in _commands(tmp_path).items():
        trace = tmp_path / f"{name}.trace"
        strace = ("strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace))
        done = subprocess.run(
            [*ALONE, *WITH_LOOPBACK, *strace, sys.executable, "-m", "sfn_provider.cli", *arguments],
            cwd=ROOT,
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, (name, done.stdout + done.stderr)
        calls = re.findall(r"sin6?_addr=.*|inet_pton\(.*", trace.read_text(encoding="utf-8"))
        assert [call for call in calls if "127.0.0.1" not in call and '"::1"' not in call] == [], name
        assert calls or name != "serve"  # its DAG calls the server: the trace has what it should
    assert _LOADED.findall('<link href="//x/a.css"><img src="https://x"><a href="https://x">') == [
        '<link href="//x/a.css',
        '<img src="https://x',
    ]
    assert _LOADED.findall((tmp_path / "report.html").read_text(encoding="utf-8")) == []
