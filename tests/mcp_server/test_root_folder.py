"""Paths that an assistant names: none leads out of the folder or to AWS, however a command would read it."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.mcp_server.root_folder import RootFolder

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Sales"


@pytest.fixture
def root(tmp_path: Path) -> RootFolder:
    (tmp_path / "secret.json").write_text("{}")
    folder = tmp_path / "root"
    for name in ("below", "a#b"):
        (folder / name).mkdir(parents=True)
    (folder / "machine.json").write_text("{}")
    (folder / "a#link.json").symlink_to(tmp_path / "secret.json")
    return RootFolder(folder)


@pytest.mark.parametrize("prefix", ["./", "below/../", ".//", "././"])
def test_a_path_that_looks_like_an_arn_is_a_file(root: RootFolder, prefix: str) -> None:
    assert not root.check_reference(prefix + MACHINE).startswith("arn:")
    assert not root.check_output(prefix + MACHINE).startswith("arn:")


@pytest.mark.parametrize("reference", ["a#b/../../secret.json", "a#b/../../secret.json#Name", "a#link.json#Name"])
def test_what_stands_behind_the_hash_sign_leads_nowhere(root: RootFolder, reference: str) -> None:
    with pytest.raises(UsageError, match="nothing outside of it is read or written"):
        root.check_reference(reference)


def test_names_of_machines_states_and_cases_stay(root: RootFolder) -> None:
    for reference in ("machine.json#Sales#Is it large? #1", "machine.json#Sales/Happy path", "below//../machine.json"):
        assert root.check_reference(reference).partition("#")[2] == reference.partition("#")[2]


def test_no_mix_of_parts_leads_out(root: RootFolder) -> None:
    parts = ["..", ".", "/", "//", "#", "a#b", "a#link.json", "below", "secret.json", "machine.json", "arn:", "\0"]
    chosen = random.Random(19)
    passed = 0
    for _ in range(3_000):
        reference = "".join(chosen.choices([*parts, "/", "../"], k=chosen.randrange(1, 8)))
        try:
            checked = root.check_reference(reference)
        except UsageError:
            continue
        passed += 1
        assert not checked.startswith("arn:") and not os.path.isabs(checked)
        cuts = [len(checked), *(at for at, sign in enumerate(checked) if sign == "#")]
        for path in (checked[:cut].replace("\0", "") for cut in cuts):
            assert (root.path / path).resolve().is_relative_to(root.path), (reference, checked)
    assert passed > 100


def test_arguments_that_no_process_takes_are_one_clear_error(tmp_path: Path) -> None:
    pytest.importorskip("anyio")
    from sfn_provider.mcp_server.command_runner import CommandRunner

    runner = CommandRunner(tmp_path, timeout=60)
    for text in ("null\0byte", "half \ud800", "x" * 200_000):
        with pytest.raises(UsageError, match="translate: its arguments cannot be handed to a process"):
            asyncio.run(runner.run("translate", f"--dag-id={text}"))
