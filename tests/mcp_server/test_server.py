"""The server over real stdio, by the SDK's own client: every tool, errors, limits, and what ends with it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from tests.golden import DAGS, ROOT

if TYPE_CHECKING:
    from mcp import ClientSession

Call = Callable[..., Awaitable[dict[str, Any]]]


Use = Callable[["ClientSession", Call], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module", autouse=True)
def _with_the_extra() -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed")


@asynccontextmanager
async def session(folder: Path, *options: str) -> AsyncIterator[tuple[ClientSession, Call]]:
    """A server in a folder with the sales pipeline, and what calls one of its tools."""
    from mcp import ClientSession, StdioServerParameters  # here, for all processes of a run collect the tests
    from mcp.client.stdio import stdio_client

    for file in DAGS.glob("sales_pipeline.*"):
        shutil.copy(file, folder)
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "sfn_provider.cli", "mcp", "--root", str(folder), *options],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    async with stdio_client(server) as (reads, writes), ClientSession(reads, writes) as client:
        await client.initialize()

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = (await client.call_tool(tool, arguments)).model_dump(by_alias=True)
            texts = [part["text"] for part in result["content"]]
            if result["isError"]:
                return {"error": "\n".join(texts)}
            assert [json.loads(text) for text in texts] == [result["structuredContent"]]
            found: dict[str, Any] = result["structuredContent"]
            return found

        yield client, call


def in_session(folder: Path, use: Use, *options: str) -> None:
    """Start a server in a folder and use it."""

    async def run() -> None:
        async with session(folder, *options) as (client, call):
            await use(client, call)

    anyio.run(run)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server that tests share."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def in_shared_session(folder: Path) -> Iterator[Callable[[Use], None]]:
    """Use a server that tests share: its start takes longer than most calls."""
    with start_blocking_portal() as portal:
        options = ("--max-output", "4000")
        with portal.wrap_async_context_manager(session(folder, *options)) as (client, call):
            yield lambda use: portal.call(use, client, call)


def test_a_move_of_a_pipeline_by_its_tools(folder: Path, in_shared_session: Callable[[Use], None]) -> None:
    async def use(client: ClientSession, call: Call) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert sorted(tools) == ["cases", "compare", "lint", "replay", "translate"]
        assert all(tool.description for tool in tools.values())

        found = await call("lint", file="sales_pipeline.asl.json")
        assert (found["errors"], found["warnings"]) == (0, 2)
        assert found["diagnostics"][1]["location"] == "/States/NotifyFailure/Parameters/Message.$"

        made = await call("cases", file="sales_pipeline.asl.json", output="mocks.json")
        assert len(made["cases"]) == 5 and (folder / "mocks.json").exists()

        translated = await call("translate", file="sales_pipeline.asl.json", style="native")
        assert "LambdaInvokeFunctionOperator" in translated["source"] and compile(
            translated["source"], "dag.py", "exec"
        )
        assert translated["shortened"].endswith("are shortened to at most 4,000")
        assert len(json.dumps({name: value for name, value in translated.items() if name != "source"})) <= 4000

    in_shared_session(use)


def test_what_cannot_be_done_says_why(folder: Path, in_shared_session: Callable[[Use], None], tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_text("{}")
    (folder / "link.json").symlink_to(outside)
    (folder / "broken.json").write_text('{"StartAt": "A", "States": {}}')

    async def use(client: ClientSession, call: Call) -> None:
        for file in (str(outside), "../" + outside.parent.name + "/secret.json", "link.json", "../..//x.json"):
            for tool, arguments in (
                ("lint", {"file": file}),
                ("compare", {"file": "sales_pipeline.asl.json", "mock": file + "#A"}),
                ("translate", {"file": "sales_pipeline.asl.json", "output": file}),
                ("replay", {"definition": "sales_pipeline.asl.json", "histories": [file]}),
            ):
                assert "nothing outside of it is read or written" in (await call(tool, **arguments))["error"]
        assert outside.read_text() == "{}"
        arn = "arn:aws:states:us-east-1:123456789012:stateMachine:Sales"
        assert "--allow-aws" in (await call("lint", file=arn))["error"]
        assert "broken.json" in (await call("cases", file="broken.json"))["error"]
        assert "histories" in (await call("replay", histories=[]))["error"]

    in_shared_session(use)


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async def use(client: ClientSession, call: Call) -> None:
        found = await call("compare", file="sales_pipeline.asl.json")
        assert "took more than 1 s" in found["error"]
        assert children(os.getpid(), "compare") == []

    in_session(tmp_path, use, "--timeout", "1")


@pytest.mark.skipif(not os.environ.get("SFN_PROVIDER_ALL_EXAMPLES"), reason="starts Airflows: make test-docs")
def test_compare_and_replay(tmp_path: Path) -> None:
    async def use(client: ClientSession, call: Call) -> None:
        await call("translate", file="sales_pipeline.asl.json", output="dag.py")
        options = {
            "file": "sales_pipeline.asl.json",
            "mock": "sales_pipeline.mocks.json#QualityPasses",
            "execution_input": json.loads((tmp_path / "sales_pipeline.input.json").read_text()),
        }
        heard: list[float] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            heard.append(progress)

        await client.call_tool("compare", {"file": "sales_pipeline.asl.json"}, progress_callback=hear)
        assert heard and heard[0] >= 5
        compared = await call("compare", **options, html="report.html")
        assert (compared["agrees"], [*compared["cases"]]) == (True, ["QualityPasses"])
        assert (tmp_path / "report.html").exists()
        text = (tmp_path / "dag.py").read_text()
        (tmp_path / "dag.py").write_text(text.replace("ValidateS3File", "AnotherFunction"))
        differs = await call("compare", **options, dag_file="dag.py")
        assert differs["agrees"] is False and "AnotherFunction" in json.dumps(differs["cases"])
        histories = ["sales_pipeline.history.json"]
        replayed = await call("replay", definition="sales_pipeline.asl.json", histories=histories)
        assert (replayed["agrees"], [*replayed["cases"]]) == (True, histories)

    in_session(tmp_path, use)


def children(process: int, word: str) -> list[str]:
    """The command lines of a process's descendants that have a word."""
    import psutil

    return [
        " ".join(line)
        for child in psutil.Process(process).children(recursive=True)
        if word in (line := child.cmdline())
    ]
