"""Reads definitions from ASL files, CloudFormation and SAM templates, Terraform files, and AWS.

::

    definition = read_definition("template.yaml#SalesPipeline", {"Bucket": "sales"})
    definition.document   the definition, opened, with the lines of the file
    definition.schedule   EventBridge's expression, if the file has one
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider.translate.definitions.loader import LoadedDefinition
    from sfn_provider.translate.definitions.reader import read_definition

__all__ = ["LoadedDefinition", "read_definition"]

_ON_DEMAND = {
    "LoadedDefinition": "sfn_provider.translate.definitions.loader",
    "read_definition": "sfn_provider.translate.definitions.reader",
}

__getattr__ = lazy_names(__name__, _ON_DEMAND)
