from __future__ import annotations

import copy
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.paths import PathSyntaxError, compile_path, compile_reference
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.exceptions import StatesError


@dataclass(frozen=True)
class Case:
    path: str
    document: Json
    expected: Json


WRITTEN = {
    "root": Case("$", {"a": 1}, "new"),
    "new member": Case("$.b", {"a": 1}, {"a": 1, "b": "new"}),
    "replaced member": Case("$.a", {"a": 1, "b": 2}, {"a": "new", "b": 2}),
    "member of an object": Case("$.a.c", {"a": {"b": 1}}, {"a": {"b": 1, "c": "new"}}),
    "objects are made": Case("$.a.b.c", {"x": 0}, {"x": 0, "a": {"b": {"c": "new"}}}),
    "item": Case("$.a[1]", {"a": [1, 2, 3]}, {"a": [1, "new", 3]}),
    "member of an item": Case("$[0].run.log", [{"id": 7}, 8], [{"id": 7, "run": {"log": "new"}}, 8]),
    "brackets": Case("$['my result']", {}, {"my result": "new"}),
}


@pytest.mark.parametrize("case", WRITTEN.values(), ids=WRITTEN)
def test_write_puts_the_value_in_its_place(case: Case) -> None:
    before = copy.deepcopy(case.document)
    assert compile_reference(case.path).write(case.document, "new") == case.expected
    assert case.document == before


def test_untouched_parts_are_shared_and_the_way_is_copied() -> None:
    document = {"kept": {"big": [1]}, "way": {"other": [2]}}
    written = compile_reference("$.way.here").write(document, 1)
    assert written["kept"] is document["kept"]
    assert written["way"]["other"] is document["way"]["other"]
    assert written["way"] is not document["way"]


CONFLICTS = {
    "text as document": ("$.out", "o-17", 'Unable to apply ReferencePath $.out to input "o-17"'),
    "number as document": ("$.out", 3.5, "Unable to apply ReferencePath $.out to input 3.5"),
    "null as document": ("$.out.deep", None, "Unable to apply ReferencePath $.out.deep to input null"),
    "array as document": ("$.out", [1, {"a": 2}], 'Unable to apply step "out" to input [1,{"a":2}]'),
    "item of an object": ("$[0]", {"a": 1}, 'Unable to apply step "0" to input {"a":1}'),
    "text on the way": ("$.a.b", {"a": "x"}, 'Unable to apply step "b" to input {"a":"x"}'),
    "null on the way": ("$.a.b", {"a": None}, 'Unable to apply step "b" to input {"a":null}'),
    "item beyond the end": ("$.a[2]", {"a": [1, 2]}, 'Unable to apply step "2" to input {"a":[1,2]}'),
    "item of what is not there": ("$.a[0]", {}, 'Unable to apply step "0" to input {}'),
}


@pytest.mark.parametrize(("path", "document", "cause"), CONFLICTS.values(), ids=CONFLICTS)
def test_a_place_that_is_taken_fails(path: str, document: Json, cause: str) -> None:
    before = copy.deepcopy(document)
    with pytest.raises(StatesError) as caught:
        compile_reference(path).write(document, 1)
    assert (caught.value.error, caught.value.cause) == ("States.ReferencePathConflict", cause)
    assert document == before


REFUSED = {
    "context": ("$$.a", "only the input can be written"),
    "variable": ("$a.b", "only the input can be written"),
    "wildcard": ("$.a[*]", "may name several nodes"),
    "slice": ("$.a[0:1]", "may name several nodes"),
    "several names": ("$['a','b']", "may name several nodes"),
    "descent": ("$..a", "may name several nodes"),
    "filter": ("$.a[?(@.b)]", "may name several nodes"),
    "no path": ("a", "starts with '$'"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_only_a_reference_path_can_be_written(text: str, reason: str) -> None:
    with pytest.raises(PathSyntaxError) as caught:
        compile_reference(text)
    assert reason in str(caught.value)


members = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4)
objects = st.recursive(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.none(), max_size=0),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)


@given(objects, members)
def test_what_was_written_can_be_read(document: Json, names: list[str]) -> None:
    path = "$" + "".join(f".{name}" for name in names)
    before = json.dumps(document)
    written = compile_reference(path).write(document, 17)
    assert compile_path(path).read(Scope(written)) == 17
    assert json.dumps(document) == before
