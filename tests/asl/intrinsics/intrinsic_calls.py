"""Evaluates calls of intrinsic functions, for tests."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sfn_provider.asl.intrinsics import compile_intrinsic
from sfn_provider.asl.scope import Json, Scope


@dataclass(frozen=True)
class Case:
    call: str
    input: Json
    value: Json = None


def evaluate(call: str, data: Json = None, entropy: random.Random | None = None) -> Json:
    return compile_intrinsic(call).evaluate(Scope(data), entropy or random.Random(1))
