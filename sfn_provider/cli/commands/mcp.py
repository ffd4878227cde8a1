"""``sfn-provider mcp``: serves the other commands as tools to an assistant, over stdin and stdout."""

from __future__ import annotations

import click

from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.exceptions import UsageError


@click.command(cls=ProviderCommand)
@click.option(
    "--root",
    metavar="DIR",
    default=".",
    show_default=True,
    help="The folder in which the tools read and write; nothing outside of it can be named.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(1),
    default=600.0,
    show_default=True,
    help="For one tool call.",
)
@click.option(
    "--max-output",
    metavar="CHARACTERS",
    type=click.IntRange(1000),
    default=60_000,
    show_default=True,
    help="The most that a tool returns; what is longer is shortened, and says so.",
)
@click.option(
    "--allow-aws", is_flag=True, help="Let the tools read definitions and executions from AWS, where an ARN is named."
)
def mcp(root: str, timeout: float, max_output: int, allow_aws: bool) -> int:
    """Serve lint, translate, cases, compare and replay as tools, by the Model Context Protocol over stdin and stdout.

    An assistant starts it; it ends when stdin closes. It needs the extra "mcp". DAG files that are compared or replayed
    are run as Python, with the rights of this process.
    """
    try:
        from sfn_provider.mcp_server import sdk
    except ImportError as error:
        raise UsageError(f"mcp needs the MCP SDK ({error}): install airflow-provider-sfn[mcp]") from error
    _ = sdk
    from sfn_provider.mcp_server.root_folder import RootFolder
    from sfn_provider.mcp_server.server import make_server

    folder = RootFolder(root, allow_aws=allow_aws)
    make_server(folder, timeout=timeout, most_characters=max_output).run("stdio")
    return 0
