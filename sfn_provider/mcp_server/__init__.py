"""A Model Context Protocol server: lint, translate, cases, compare and replay as tools of an assistant.

Each tool runs a command of `sfn_provider.cli` in a process of its own. It needs the extra ``[mcp]``.
"""
