"""Branches and iterations that run in other tasks than their Parallel or Map."""
