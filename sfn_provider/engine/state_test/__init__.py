"""Tests one state as the TestState API does: with a mock in place of its work."""
