"""Makes one message of the events of a Bedrock AgentCore harness, as Converse shows it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrockagentcore.html: the last message of the
assistant, its text alone, with tokens summed up over all messages.
"""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.value_shapes import Values


def result(response: Values) -> Json:
    """Make the message of the events in ``Stream``."""
    role, stop_reason = "assistant", None
    texts: dict[int, str] = {}
    usage: dict[str, int] = {}
    latency = 0
    for event in response.get("Stream", []):
        (kind, details), *_ = event.items()
        if kind == "MessageStart":
            role, texts = details.get("Role", role), {}
        elif kind == "ContentBlockDelta":
            _add_text(texts, details)
        elif kind == "MessageStop":
            stop_reason = details.get("StopReason")
        elif kind == "Metadata":
            for name, tokens in (details.get("Usage") or {}).items():
                usage[name] = usage.get(name, 0) + tokens
            latency += (details.get("Metrics") or {}).get("LatencyMs", 0)
    content = [{"Text": texts[index]} for index in sorted(texts)]
    message = {"Message": {"Role": role, "Content": content}}
    return {"Output": message, "StopReason": stop_reason, "Usage": usage, "Metrics": {"LatencyMs": latency}}


def _add_text(texts: dict[int, str], details: Values) -> None:
    """Append a piece of text to its block; pieces of tool use and of reasoning are left out."""
    delta: dict[str, Any] = details.get("Delta") or {}
    if "Text" in delta:
        index = details.get("ContentBlockIndex", 0)
        texts[index] = texts.get(index, "") + delta["Text"]
