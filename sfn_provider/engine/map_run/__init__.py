"""The items of a Map: where they come from, how they are grouped, and what becomes of their results.

What is here keeps no state of its own. `sfn_provider.engine.states.map` and `.distributed` run the iterations.
"""
