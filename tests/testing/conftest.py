"""The fixture of the pytest plugin itself, in place of the server that all other tests share."""

from sfn_provider.testing.pytest_plugin import stepfunctions

__all__ = ["stepfunctions"]
