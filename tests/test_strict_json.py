from __future__ import annotations

import math

import pytest

from sfn_provider.strict_json import STRICT_DECODER, InvalidConstant, parse_strict_json


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_are_refused(word: str) -> None:
    for parse in (parse_strict_json, STRICT_DECODER.decode):
        with pytest.raises(InvalidConstant, match=f"^{word} is no JSON value$") as caught:
            parse(f"[{word}]")
        assert caught.value.word == word


def test_numbers_too_large_for_a_double() -> None:
    for parse in (parse_strict_json, STRICT_DECODER.decode):
        with pytest.raises(ValueError, match=r"^1e400 is too large for a number$"):
            parse("1e400")
    assert parse_strict_json("1e400", finite=False) == math.inf


def test_json_is_what_python_reads() -> None:
    assert parse_strict_json('{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert parse_strict_json('{"a": 1, "a": 2}', object_pairs_hook=list) == [("a", 1), ("a", 2)]
    assert STRICT_DECODER.raw_decode("[1] 2", 4) == (2, 5)
