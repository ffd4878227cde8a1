from __future__ import annotations

from sfn_provider.asl.diagnostics import pointer, split_pointer
from sfn_provider.asl.json_values.json_walk import walk_json, walk_texts


def test_everything_comes_in_order() -> None:
    assert list(walk_json({"a": [1, {"b/c": None}]}, "/x")) == [
        ("/x", None, {"a": [1, {"b/c": None}]}),
        ("/x/a", "a", [1, {"b/c": None}]),
        ("/x/a/0", None, 1),
        ("/x/a/1", None, {"b/c": None}),
        ("/x/a/1/b~1c", "b/c", None),
    ]


def test_texts_come_with_their_pointers() -> None:
    assert list(walk_texts({"a": ["x", 1, {"b/c": "y"}], "d": None})) == [("/a/0", "x"), ("/a/2/b~1c", "y")]


def test_a_pointer_is_split_into_what_it_was_made_of() -> None:
    parts = ["States", "a/b~1", "", "0"]
    assert split_pointer(pointer(*parts)) == parts
    assert split_pointer("") == []
