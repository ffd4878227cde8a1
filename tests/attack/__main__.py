"""Attacks this package: ``make test-attack``; figures on standard output, progress on standard error.

What an interrupted attack has done is in ``build/attack.jsonl``: the next one goes on there, and attacks again what
did not hold.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.attack.all_bombs import all_bombs
from tests.attack.limited_child import MOST_SECONDS, Action, Outcome, run_limited
from tests.attack.mutations import make_mutation, try_mutations
from tests.attack.warm_up import import_all

MUTATIONS = int(os.environ.get("MUTATIONS", "50000"))
BATCH = 25
BATCH_SECONDS = 2.0 * BATCH
TRIES = 3
PROGRESS = Path("build/attack.jsonl")


class Attack:
    """What was attacked, and what did not hold; appended to a file as it comes."""

    def __init__(self) -> None:
        PROGRESS.parent.mkdir(exist_ok=True)
        lines = PROGRESS.read_text(encoding="utf-8").splitlines() if PROGRESS.exists() else []
        entries = {entry["name"]: entry for entry in map(json.loads, lines)}
        self.done: dict[str, dict[str, Any]] = {name: each for name, each in entries.items() if not each["problem"]}
        self._started = time.monotonic()
        self._file = PROGRESS.open("a", encoding="utf-8")

    def add(self, name: str, outcome: Outcome, total: int) -> None:
        """Add what came of an attack."""
        entry = {"name": name, "problem": outcome.problem, "seconds": outcome.seconds, "bytes": outcome.bytes}
        self.done[name] = entry
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        if outcome.problem:
            text = " ".join(outcome.text.split())
            print(f"{outcome.problem}: {name}: {text[:100]} ... {text[-200:]}", flush=True)
        print(f"\r{len(self.done):,} of {total:,}, {time.monotonic() - self._started:,.0f} s", end="", file=sys.stderr)


def _try_action(action: Action, seconds: float = MOST_SECONDS) -> Outcome:
    """Run an action with limits; where it took too long, twice more: other processes make it look slower than it is."""
    outcomes = [run_limited(action, seconds)]
    while outcomes[-1].problem == "time" and len(outcomes) < TRIES:
        outcomes.append(run_limited(action, seconds))
    return outcomes[-1]


def _try_batch(first: int) -> Outcome:
    """Try a batch of mutations in one child; where something is wrong, each alone to find which."""
    numbers = range(first, first + BATCH)

    def whole() -> int:
        problems = try_mutations(numbers)
        for number, problem in problems:
            print(number, problem.encode("unicode_escape").decode())
        return 3 if problems else 0

    outcome = run_limited(whole, BATCH_SECONDS)
    if outcome.problem in ("time", "died", "memory"):
        alone = {
            number: _try_action(lambda number=number: len(try_mutations(range(number, number + 1))) and 3)
            for number in numbers
        }
        wrong = {number: one.problem for number, one in alone.items() if one.problem}
        return Outcome("mutations" if wrong else "", outcome.seconds, outcome.bytes, str(wrong))
    return outcome


def main() -> int:
    """Run all attacks that have not been run yet, and print the figures."""
    import_all()
    gc.collect()
    gc.freeze()  # so that a child's garbage collector does not copy the parent's pages
    attack = Attack()
    bombs = list(all_bombs())
    batches = range(0, MUTATIONS, BATCH)
    total = len(bombs) + len(batches)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        left = [bomb for bomb in bombs if bomb.name not in attack.done]
        outcomes = pool.map(lambda bomb: _try_action(bomb.explode, bomb.seconds), left)
        for bomb, outcome in zip(left, outcomes, strict=True):
            attack.add(bomb.name, outcome, total)
        starts = [first for first in batches if f"mutations {first}" not in attack.done]
        for first, outcome in zip(starts, pool.map(_try_batch, starts), strict=True):
            attack.add(f"mutations {first}", outcome, total)
    print(file=sys.stderr)
    return _print_figures(attack, {bomb.name for bomb in bombs})


def _print_figures(attack: Attack, names: Iterable[str]) -> int:
    bombs = [attack.done[name] for name in names]
    batches = [entry for name, entry in attack.done.items() if name.startswith("mutations ")]
    wrong = [entry for entry in (*bombs, *batches) if entry["problem"]]
    print(f"{len(bombs)} bombs, {sum(bool(entry['problem']) for entry in bombs)} did not hold")
    print(
        f"longest {max(entry['seconds'] for entry in bombs):.1f} s, most {max(entry['bytes'] for entry in bombs) >> 20} MiB"
    )
    print(
        f"{len(batches) * BATCH:,} mutated definitions, {sum(bool(entry['problem']) for entry in batches)} batches did not hold"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    assert make_mutation(1) == make_mutation(1)
    sys.exit(main())
