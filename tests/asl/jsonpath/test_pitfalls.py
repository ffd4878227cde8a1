from __future__ import annotations

import pytest

from sfn_provider.asl.intrinsics import compile_intrinsic
from sfn_provider.asl.paths import compile_path

FINDING_NOTHING = {
    "negative index": ("$.a[-1].b", "at the negative index [-1]; the last item is [(@.length-1)]"),
    "negative index among others": ("$.a[0,-2]", "at the negative index [-2]"),
    "negative index in a filter": ("$.a[?(@.b[-1] == 1)]", "at the negative index [-1]"),
    "negative start with an end": ("$.a[-3:-1]", "nothing in [-3:-1]"),
    "end before the start": ("$.a[2:1]", "nothing in [2:1]"),
    "several names on the way": ("$['a','b'].c", "several names can only end a path"),
    "double quotes": ('$.a[?(@.b == "c d")]', "write 'c d'"),
}
FINE = (
    "$.a[0].b",
    "$['a','b']",
    "$.a[-1:]",
    "$.a[:-1]",
    "$.a[1:2]",
    "$.a[?(@.b == 'c')]",
    "$.a[(@.length-1)]",
    "$v[0]",
)


@pytest.mark.parametrize(("path", "sentence"), FINDING_NOTHING.values(), ids=FINDING_NOTHING)
def test_a_path_that_finds_nothing_is_explained(path: str, sentence: str) -> None:
    [warning] = compile_path(path).warnings
    assert sentence in warning
    assert compile_intrinsic(f"States.Array({path})").warnings == (warning,)


@pytest.mark.parametrize("path", FINE)
def test_other_paths_are_not(path: str) -> None:
    assert compile_path(path).warnings == ()
