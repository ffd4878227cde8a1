"""Defines the options of commands that say how much one task of a DAG runs."""

from __future__ import annotations

import click

from sfn_provider.cli.options.common import option_group
from sfn_provider.translate.plan.granularity import TASKS_NAMES, Granularity

granularity_options = option_group(
    "granularity",
    Granularity,
    {
        "tasks": {
            "type": click.Choice(TASKS_NAMES),
            "default": "state",
            "show_default": True,
            "help": "What one task of the exact style runs: a state; a segment, the longest run of states up to a "
            "wait, a job, a task token or a fan-out; or the whole machine. --report of translate has their costs.",
        },
        "map_batch": {
            "type": int,
            "metavar": "N",
            "help": "How many items of an inline Map one task of the exact style runs side by side; by default one.",
        },
    },
)
"""Decorator that gives a command the granularity of a DAG, as a `Granularity`."""
