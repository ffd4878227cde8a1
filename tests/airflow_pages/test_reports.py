"""Reports of comparisons in Airflow's pages: what lies in their folder is shown, and nothing else of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sfn_provider.airflow_pages.reports import StoredReport, find_report
from tests.airflow_pages.conftest import Browser, StoredRun
from tests.fixtures.machines.definitions import END, machine


@pytest.fixture(scope="module")
def run(run_machine: Callable[..., StoredRun]) -> StoredRun:
    """A run of a DAG that may have a report."""
    return run_machine("compared", machine({"Only": END}), {}, {})


def test_a_report_is_shown_where_the_folder_has_one(
    browser: Browser, run: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "reports_folder" in browser.get(f"dags/{run.dag_id}").text
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__REPORTS_FOLDER", str(tmp_path))
    assert "None yet" in browser.get(f"dags/{run.dag_id}").text
    (tmp_path / f"{run.dag_id}.html").write_text("<script>alert(1)</script><p>same</p>")
    assert f'href="../dags/{run.dag_id}/report"' in browser.get(f"dags/{run.dag_id}").text
    report = browser.get(f"dags/{run.dag_id}/report")
    assert (report.status, report.text) == (200, "<script>alert(1)</script><p>same</p>")
    policy = report.headers["content-security-policy"].split("; ")
    assert "sandbox" in policy and "default-src 'none'" in policy
    browser.refused.add(run.dag_id)
    assert "same" not in browser.get(f"dags/{run.dag_id}/report").text


@pytest.mark.parametrize("dag_id", ["..", "../secret", "a/b", "\0", ""])
def test_no_dag_id_leads_out_of_the_folder(dag_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "reports").mkdir()
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__REPORTS_FOLDER", str(tmp_path / "reports"))
    assert find_report(dag_id) is None


def report_of(dag_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> StoredReport | None:
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__REPORTS_FOLDER", str(folder))
    return find_report(dag_id)


def test_a_link_counts_within_the_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "reports"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "b.html").write_text("same")
    for name, target in {"a": "../secret", "b": "2026/b.html", "loop": "loop.html", "gone": "absent.html"}.items():
        (folder / f"{name}.html").symlink_to(target)
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        found = report_of("b", place, monkeypatch)
        assert found is not None and found.read() == b"same"
        assert [report_of(name, place, monkeypatch) for name in ("a", "loop", "gone")] == [None] * 3


def test_what_is_no_file_is_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.html").mkdir()
    os.mkfifo(tmp_path / "pipe.html")
    names = ("folder", "pipe", "x" * 300, "half a pair \ud800", "\0")
    assert [report_of(name, tmp_path, monkeypatch) for name in names] == [None] * len(names)


def test_a_report_that_goes_or_grows_before_it_is_read_is_not_shown(
    browser: Browser, run: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / f"{run.dag_id}.html"
    report.write_text("same")
    found = report_of(run.dag_id, tmp_path, monkeypatch)
    assert found is not None
    monkeypatch.setattr("sfn_provider.airflow_pages.reports.MAX_BYTES", 3)
    assert found.read() is None
    report.unlink()
    monkeypatch.setattr("sfn_provider.airflow_pages.site.find_report", lambda _: found)
    assert browser.get(f"dags/{run.dag_id}/report").status == 404
