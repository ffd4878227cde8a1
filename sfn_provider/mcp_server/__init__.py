"""Model Context Protocol server: lint, translate, cases, compare, replay as an assistant's tools.

Each tool runs a command of `sfn_provider.cli` in a process of its own. It needs the extra ``[mcp]``.
"""
