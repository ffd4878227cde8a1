"""Draws state machines and DAGs as SVG: graphs, their layout, what of them ran."""
