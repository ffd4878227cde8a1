"""Helpers for tests of state machines, and the pytest plugin that hands them out.

``pytest_plugin`` is what pytest loads; ``state_tests`` does the work, and is imported when a test asks for it.
"""
