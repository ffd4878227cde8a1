"""Indexes a definition before it runs: its states, paths, expressions, and the shapes of its data."""
