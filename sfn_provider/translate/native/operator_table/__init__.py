"""Operators of the amazon provider by the integration that they stand for, as data.

::

    find_operator("glue:startJobRun.sync", airflow=(3, 3), amazon=(9, 39))   -> the row, as that provider has it
    assign_arguments(row, parameters)                                        -> the operator's arguments
    read_result(row, ("JobRunState",))                                       -> where a path of the result is found

``services/`` has the rows. Importing this package imports neither Airflow nor boto3.
"""

from sfn_provider.translate.native.operator_table.arguments import assign_arguments, read_result
from sfn_provider.translate.native.operator_table.kinds import JsonText, NotExpressible, TextOf
from sfn_provider.translate.native.operator_table.lookup import OPERATORS, find_operator, find_unused
from sfn_provider.translate.native.operator_table.row import Argument, OlderProvider, OperatorRow, Returned

__all__ = [
    "OPERATORS",
    "Argument",
    "JsonText",
    "NotExpressible",
    "OlderProvider",
    "OperatorRow",
    "Returned",
    "TextOf",
    "assign_arguments",
    "find_operator",
    "find_unused",
    "read_result",
]
