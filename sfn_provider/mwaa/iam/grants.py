"""Collects what actions are allowed on which resources, and makes the statements of a policy of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.diagnostics import Diagnostic

ANY: Final = ("*",)
WILDCARD_CODE: Final = "IAM_WILDCARD"

_MAX_REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class Grant:
    """An action that something in a DAG needs.

    Args:
        statement: the Sid of its statement; ``Part2`` and so on follow where there are several.
        action: ``glue:StartJobRun``.
        resources: the resources of it; ``("*",)`` where they are not known, or IAM knows none.
        reason: why they are not known: where, and what is missing; empty where that cannot be mended.
        partly: what is known of them in part alone, and where; empty where all of their names are known.
    """

    statement: str
    action: str
    resources: tuple[str, ...]
    reason: str = ""
    partly: str = ""


def at_place(place: str, partly: Iterable[str]) -> str:
    """Return what is known in part alone, with its place; an empty text where all is known."""
    known = "; ".join(dict.fromkeys(filter(None, partly)))
    return f"{place}: {known}" if known else ""


def make_statements(
    grants: Iterable[Grant], conditions: Mapping[str, dict[str, Any]] | None = None
) -> tuple[list[dict[str, Any]], list[Diagnostic]]:
    """Make the statements: one for all actions on the same resources.

    Args:
        grants: what is needed, in any order.
        conditions: the Condition of statements, by Sid.

    Returns:
        The statements, and a warning for each with a ``*`` that a user can replace.
    """
    grants = [*grants]
    statements, found = list[dict[str, Any]](), list[Diagnostic]()
    for name in dict.fromkeys(grant.statement for grant in grants):
        same = [grant for grant in grants if grant.statement == name]
        for number, (resources, actions) in enumerate(_by_resources(same), 1):
            sid = name if number == 1 else f"{name}Part{number}"
            made = statement(sid, actions, [*resources])
            statements.append(made | ({"Condition": conditions[name]} if conditions and name in conditions else {}))
            asked = [grant for grant in same if grant.action in actions]
            if resources == ANY:
                found += _wildcard(sid, "as a resource", [grant.reason for grant in asked])
            else:
                found += _wildcard(sid, "within a resource", [grant.partly for grant in asked])
    return statements, found


def _by_resources(grants: list[Grant]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield resources and the actions on them; ``*`` last."""
    by_action: dict[str, set[str]] = {}
    for grant in grants:
        by_action.setdefault(grant.action, set()).update(grant.resources)
    mendable = {grant.action for grant in grants if grant.reason}
    # A "*" to replace is not in one statement with a "*" that has to stay.
    groups: dict[tuple[bool, bool, tuple[str, ...]], list[str]] = {}
    for action, resources in sorted(by_action.items()):
        found = ANY if "*" in resources else tuple(sorted(resources))
        groups.setdefault((found == ANY, action in mendable, found), []).append(action)
    yield from ((resources, actions) for (_, _, resources), actions in sorted(groups.items()))


def _wildcard(sid: str, place: str, reasons: list[str]) -> Iterator[Diagnostic]:
    reasons = [*dict.fromkeys(filter(None, reasons))]
    if not reasons:
        return
    more = f"; and {len(reasons) - _MAX_REASONS} more" if len(reasons) > _MAX_REASONS else ""
    message = (
        f'the statement {sid} has "*" {place}: {"; ".join(reasons[:_MAX_REASONS])}{more}. '
        'Write what is known only in a run as a literal, or put the ARNs in the place of the "*"'
    )
    yield Diagnostic("warning", WILDCARD_CODE, message, "policy.json")


def statement(sid: str, actions: Iterable[str], resources: list[str]) -> dict[str, Any]:
    """Return a statement that allows actions."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def service_sid(action: str) -> str:
    """Return the Sid for what Tasks call of an action's service: ``CallGlue``."""
    words = re.split(r"[^a-z0-9]+", action.partition(":")[0])
    return "InvokeFunctions" if action == "lambda:InvokeFunction" else "Call" + "".join(map(str.capitalize, words))
