"""Evaluates syntax trees of JSONata."""
