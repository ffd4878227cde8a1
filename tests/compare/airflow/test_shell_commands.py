"""Shell commands of compared DAGs: sleeps and failures are answered, everything else goes its usual way."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from sfn_provider.compare.airflow.shell_commands import answer_shell_commands

bash = pytest.importorskip("airflow.providers.standard.operators.bash", reason="Airflow 2 has it elsewhere")


class OwnBashOperator(bash.BashOperator):
    """A user's own: its hook is that of the base."""


COMMANDS: dict[str, tuple[str, dict[str, str], tuple[int, str] | None]] = {
    "a sleep": ("sleep 600", {}, (0, "")),
    "a fraction": ("sleep 0.5", {}, (0, "")),
    "a failure": ("echo 'E: it'\"'\"'s $HOME' >&2; exit 1", {}, (1, "E: it's $HOME")),
    "a failure of more lines": ("echo 'a\nb' >&2; exit 3", {}, (3, "a\nb")),
    "a failure by a variable": ('echo "$MESSAGE" >&2; exit 1', {"MESSAGE": "no $(stock)"}, (1, "no $(stock)")),
    "a sleep and more": ("sleep 1; curl example.com", {}, None),
    "an exit without a text": ("exit 1", {}, None),
}


@pytest.mark.parametrize("operator", [bash.BashOperator, OwnBashOperator])
@pytest.mark.parametrize("case", COMMANDS)
def test_sleeps_and_failures_are_answered(case: str, operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    command, variables, expected = COMMANDS[case]
    ran: list[list[str]] = []
    slept: list[float] = []
    monkeypatch.setattr(bash.SubprocessHook, "run_command", lambda self, command, *_, **__: ran.append(command))
    monkeypatch.setattr(time, "sleep", slept.append)
    dag = SimpleNamespace(tasks=[operator(task_id="a", bash_command=command)])
    with answer_shell_commands(dag):
        result = bash.SubprocessHook().run_command(["bash", "-c", command], env=variables)
    assert (None if result is None else tuple(result)) == expected
    assert (ran == []) is (expected is not None)
    assert sum(slept) == {"a sleep": 600, "a fraction": 0.5}.get(case, 0)


def test_a_dag_without_shell_commands_stays_as_it_is() -> None:
    before = bash.SubprocessHook.run_command
    with answer_shell_commands(SimpleNamespace(tasks=[])):
        assert bash.SubprocessHook.run_command is before
