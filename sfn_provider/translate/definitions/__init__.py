"""Finds definitions in the files that people have: ASL, CloudFormation, SAM, Terraform, or in AWS by an ARN.

::

    definition = read_definition("template.yaml#SalesPipeline", {"Bucket": "sales"})
    definition.source     the definition, for `sfn_provider.asl.parse`
    definition.schedule   when it runs, where the file says so
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_provider.translate.definitions.definition import Definition
    from sfn_provider.translate.definitions.reader import read_definition

__all__ = ["Definition", "read_definition"]

# On demand: a translation needs this package's `placeholders` only.
_ON_DEMAND = {
    "Definition": "sfn_provider.translate.definitions.definition",
    "read_definition": "sfn_provider.translate.definitions.reader",
}


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return getattr(import_module(_ON_DEMAND[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
