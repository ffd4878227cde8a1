"""Intrinsic functions of JSONPath states, such as ``States.Format('{}', $.name)``."""

from sfn_provider.asl.intrinsics.functions import FUNCTIONS, IntrinsicFunction
from sfn_provider.asl.intrinsics.parser import Intrinsic, IntrinsicSyntaxError, compile_intrinsic

__all__ = ["FUNCTIONS", "Intrinsic", "IntrinsicFunction", "IntrinsicSyntaxError", "compile_intrinsic"]
