"""Answers shell commands without a process: a sleep takes virtual time, an exit fails the task."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

_SLEEP: Final = re.compile(r"sleep (?P<seconds>\d+(?:\.\d+)?)")
_FAIL: Final = re.compile(r"echo (?P<text>.*) >&2; exit (?P<code>\d{1,3})", re.DOTALL)
"""What a Wait and a Fail become; see `sfn_provider.translate.serverless.operator_nodes`."""


@contextmanager
def answer_shell_commands(dag: Any) -> Iterator[None]:
    """Answers commands that sleep, and those that write a text and exit; others are run, or refused, as before.

    Args:
        dag: the DAG whose runs ``dag.test()`` makes meanwhile.
    """
    bash = next((cls for task in dag.tasks for cls in type(task).__mro__ if cls.__name__ == "BashOperator"), None)
    if bash is None:
        yield
        return
    # Where the hook is depends on Airflow's version; the operator's module has it.
    module: Any = sys.modules[bash.__module__]
    run = module.SubprocessHook.run_command

    def answer(self: Any, command: list[str], env: dict[str, str] | None = None, **named: Any) -> Any:
        text = command[-1]
        if (sleep := _SLEEP.fullmatch(text)) is not None:
            time.sleep(float(sleep["seconds"]))
            return module.SubprocessResult(0, "")
        if (fail := _FAIL.fullmatch(text)) is not None:
            return module.SubprocessResult(int(fail["code"]), _written(fail["text"], env or {}))
        return run(self, command, env, **named)

    with patch.object(module.SubprocessHook, "run_command", answer):
        yield


def _written(words: str, variables: Mapping[str, str]) -> str:
    """Return what ``echo`` writes of a quoted text, or of a variable."""
    if words.startswith('"$'):
        return variables.get(words.strip('"$'), "")
    try:
        return " ".join(shlex.split(words))
    except ValueError:
        return words
