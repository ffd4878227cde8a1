"""Makes the server, which `sfn_provider.cli.commands.mcp` runs over stdin and stdout."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.mcp_server.command_runner import CommandRunner
from sfn_provider.mcp_server.root_folder import RootFolder
from sfn_provider.mcp_server.sdk import MCPServer, ToolAnnotations
from sfn_provider.mcp_server.tools import Tools

_INSTRUCTIONS: Final = (
    "Moves AWS Step Functions state machines to Airflow and proves it. Lint the definition; translate it into a file; "
    "compare: the answer says whether the DAG does what the state machine does in cases that reach everything. "
    "After each change to the DAG compare again with dag_file, and replay recorded executions where there are some. "
    "A move is done when compare agrees, and each difference that it has announced is accepted by a person."
)

_WRITES: Final = ("translate", "cases", "compare", "replay")


def make_server(root: RootFolder, *, timeout: float, most_characters: int) -> MCPServer[Any]:
    """Make the server.

    Args:
        root: the folder of all paths.
        timeout: the most seconds that a tool may take.
        most_characters: how many characters a result may have.
    """
    server: MCPServer[Any] = MCPServer("sfn-provider", instructions=_INSTRUCTIONS, log_level="WARNING")
    tools = Tools(root, CommandRunner(root.path, timeout=timeout), most_characters)
    for tool in (tools.lint, tools.translate, tools.cases, tools.compare, tools.replay):
        name = tool.__name__
        hints = {"readOnlyHint": name not in _WRITES, "destructiveHint": name in _WRITES, "openWorldHint": False}
        server.add_tool(tool, name=name, annotations=ToolAnnotations.model_validate(hints))
    return server
