"""Runs commands of the command line in processes of their own, with limits of time and output."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
from anyio.abc import ByteReceiveStream, Process

from sfn_provider.exceptions import UsageError

_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_MESSAGE: Final = 6_000
_SECONDS_TO_CLEAN_UP: Final = 10.0
_SECONDS_BETWEEN_REPORTS: Final = 5.0

ProgressReport = Callable[[float], Awaitable[None]]
"""Says to the assistant that a command still runs, after how many seconds."""


@dataclass(frozen=True)
class CommandResult:
    """What a command has printed.

    Args:
        exit_code: 0 success, 1 what was checked is wrong, 2 not everything could be done.
        output: the JSON that it printed.
        messages: what it wrote to stderr.
    """

    exit_code: int
    output: Any
    messages: str


class CommandRunner:
    """Runs commands of ``sfn-provider``, some at once; others wait.

    Args:
        folder: their working folder.
        timeout: the most seconds that one may take.
        at_once: how many run at once; a comparison takes a processor and several hundred MB.
    """

    def __init__(self, folder: Path, *, timeout: float, at_once: int = 2) -> None:
        self._folder = folder
        self._timeout = timeout
        self._places = anyio.CapacityLimiter(at_once)

    async def run(self, *arguments: str, report: ProgressReport | None = None) -> CommandResult:
        """Run a command, and end its process where the call is cancelled.

        Args:
            arguments: the command, its options, and ``--`` before its files; it must be one that prints JSON.
            report: called every five seconds until it has ended: a client that hears nothing gives a call up.

        Returns:
            What it printed.

        Raises:
            UsageError: it printed no JSON but an error, took too long, or printed too much.
        """
        if report is not None:
            return await _with_reports(report, partial(self.run, *arguments))
        async with self._places:
            process = await self._start(arguments)
            try:
                with anyio.fail_after(self._timeout):
                    printed = await _read_both(process)
                    code = await process.wait()
            except TimeoutError as error:
                raise UsageError(
                    f"{arguments[0]}: took more than {self._timeout:g} s; start the server with a longer --timeout, "
                    "or name fewer cases"
                ) from error
            finally:
                await _end(process)
        return _result(arguments[0], code, *printed)

    async def _start(self, arguments: Sequence[str]) -> Process:
        command = [sys.executable, "-m", "sfn_provider.cli", *arguments]
        try:
            return await anyio.open_process(command, cwd=self._folder, stdin=subprocess.DEVNULL)
        except (OSError, ValueError) as error:  # a null byte, half a character, too many characters
            raise UsageError(f"{arguments[0]}: its arguments cannot be handed to a process: {error}") from error


async def _with_reports(report: ProgressReport, work: Callable[[], Awaitable[CommandResult]]) -> CommandResult:
    """Work, and report until that has ended."""

    async def repeat() -> None:
        begun = anyio.current_time()
        while True:
            await anyio.sleep(_SECONDS_BETWEEN_REPORTS)
            await report(anyio.current_time() - begun)

    outcome: CommandResult | UsageError
    async with anyio.create_task_group() as group:
        group.start_soon(repeat)
        try:
            outcome = await work()
        except UsageError as error:  # raised below: the group would wrap it
            outcome = error
        group.cancel_scope.cancel()
    if isinstance(outcome, UsageError):
        raise outcome
    return outcome


async def _read_both(process: Process) -> tuple[bytes, bytes]:
    if process.stdout is None or process.stderr is None:
        raise AssertionError("the process was started with pipes")
    buffers = (bytearray(), bytearray())
    async with anyio.create_task_group() as group:
        group.start_soon(_read, process.stdout, buffers[0])
        group.start_soon(_read, process.stderr, buffers[1])
    return bytes(buffers[0]), bytes(buffers[1])


async def _read(stream: ByteReceiveStream, buffer: bytearray) -> None:
    async for part in stream:
        buffer += part[: _MOST_BYTES + 1 - len(buffer)]  # goes on reading, so that the process can end


async def _end(process: Process) -> None:
    """End a process that still runs: it removes its files on SIGTERM. Close its pipes."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            process.terminate()
            with anyio.move_on_after(_SECONDS_TO_CLEAN_UP):
                await process.wait()
            if process.returncode is None:
                process.kill()
        await process.aclose()


def _result(command: str, code: int, printed: bytes, errors: bytes) -> CommandResult:
    messages = errors.decode(errors="replace").strip()
    if len(messages) > _MOST_MESSAGE:
        messages = f"{messages[:_MOST_MESSAGE]}... ({len(messages) - _MOST_MESSAGE:,} more characters)"
    if len(printed) > _MOST_BYTES:
        raise UsageError(f"{command}: printed more than {_MOST_BYTES:,} bytes; name fewer cases")
    try:
        output = json.loads(printed)
    except (ValueError, RecursionError) as error:
        raise UsageError(messages or f"{command}: ended with exit code {code} and without a result") from error
    return CommandResult(code, output, messages)
