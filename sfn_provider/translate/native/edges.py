"""Orders the edges of a native DAG as chains of tasks, ``[a, b] >> c >> [d, e]``."""

from __future__ import annotations

from collections import Counter

from sfn_provider.translate.native.model import NativeDag

Chain = list[list[int]]
"""Tasks, by position, each list of them before the next one."""


def find_chains(dag: NativeDag) -> list[Chain]:
    """Return the edges as chains, in the order in which the tasks run."""
    return _continued(_with_joined_sources(_plain_chains(dag)))


def _plain_chains(dag: NativeDag) -> list[Chain]:
    after = dag.downstream()
    before = Counter(right for _, right in dag.edges)
    done: set[int] = set()
    chains = []
    for position in range(len(dag.nodes)):
        if position in done or not after[position]:
            continue
        chain, current = [[position]], position
        while after[current] and current not in done:
            done.add(current)
            chain.append(after[current])
            if len(after[current]) > 1 or before[after[current][0]] > 1:
                break
            current = after[current][0]
        chains.append(chain)
    return chains


def _with_joined_sources(chains: list[Chain]) -> list[Chain]:
    """Return chains in which several tasks that lead to one and nowhere else are a list before it."""
    sources: dict[int, list[int]] = {}
    for chain in chains:
        if _is_single_edge(chain):
            sources.setdefault(chain[1][0], []).append(chain[0][0])
    joined = {target: found for target, found in sources.items() if len(found) > 1}
    absorbed = {position for found in joined.values() for position in found}
    begun = {chain[0][0] for chain in chains} - absorbed
    found: list[Chain] = []
    for chain in chains:
        start, target = chain[0][0], chain[1][0]
        if start not in absorbed:
            found.append([joined[start], *chain] if start in joined else chain)
        elif target not in begun and start == joined[target][-1]:
            found.append([joined[target], [target]])
    return found


def _continued(chains: list[Chain]) -> list[Chain]:
    """Return chains of which one that ends with the list with which another begins goes on with that one."""
    ends = {tuple(sorted(chain[-1])) for chain in chains}
    begins = {tuple(sorted(chain[0])): chain for chain in chains if len(chain[0]) > 1}
    found = [chain for chain in chains if len(chain[0]) == 1 or tuple(sorted(chain[0])) not in ends]
    for number, chain in enumerate(found):
        while (following := begins.get(tuple(sorted(chain[-1])))) is not None:
            chain = [*chain, *following[1:]]
        found[number] = chain
    return found


def _is_single_edge(chain: Chain) -> bool:
    return len(chain) == 2 and len(chain[0]) == len(chain[1]) == 1
