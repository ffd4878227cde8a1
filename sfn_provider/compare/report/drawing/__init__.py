"""Draws graphs, timelines and cost curves as SVG."""
