"""The names of the MCP SDK, which versions 1 and 2 have in different places."""

from __future__ import annotations

try:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
except ImportError:  # version 1
    from mcp.server.fastmcp import Context  # type: ignore[attr-defined,no-redef]
    from mcp.server.fastmcp import FastMCP as MCPServer  # type: ignore[attr-defined,no-redef]
    from mcp.server.fastmcp.exceptions import ToolError  # type: ignore[import-not-found,no-redef]
from mcp.types import ToolAnnotations

__all__ = ["Context", "MCPServer", "ToolAnnotations", "ToolError"]
