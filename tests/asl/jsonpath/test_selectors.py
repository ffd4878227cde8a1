from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import Json, Scope

STOCK: Json = {
    "items": [
        {"name": "tea", "price": 3, "tags": ["hot", "leaf"], "origin": {"code": "CN"}},
        {"name": "mug", "price": 12.5, "fragile": True},
        {"name": "mat", "price": 1.5, "fragile": None, "odd-name": "x"},
        "loose",
    ],
    "best": {"name": "tea", "price": 3},
    "days": [0, 1, 2, 3, 4, 5],
    "text": "abcdef",
}


@dataclass(frozen=True)
class Case:
    path: str
    found: list[Json]


SELECTED = {
    "wildcard on an array": Case("$.days[*]", [0, 1, 2, 3, 4, 5]),
    "wildcard on an object": Case("$.best.*", ["tea", 3]),
    "wildcard in brackets on an object": Case("$.best[*]", ["tea", 3]),
    "member after a wildcard": Case("$.items[*].name", ["tea", "mug", "mat"]),
    "member after a wildcard, some without": Case("$.items[*].fragile", [True, None]),
    "deep member after a wildcard, some without": Case("$.items[*].origin.code", ["CN"]),
    "name right after a wildcard": Case("$.items[*]name", ["tea", "mug", "mat"]),
    "wildcard right after a bracket": Case("$.items[0]*", ["tea", 3, ["hot", "leaf"], {"code": "CN"}]),
    "wildcard on text": Case("$.text[*]", []),
    "wildcard on nothing": Case("$.none[*]", []),
    "wildcard below nothing": Case("$.none.list[*].name", []),
    "wildcard on an object gives up at a value without the member": Case("$.*.name", []),
    "wildcard on an array passes over items that do not fit": Case("$.items[*].tags[1]", ["leaf"]),
    "slice": Case("$.days[1:3]", [1, 2]),
    "slice to": Case("$.days[:2]", [0, 1]),
    "slice to the second last": Case("$.days[:-4]", [0, 1]),
    "slice to before the start": Case("$.days[:-9]", []),
    "slice to beyond the end": Case("$.days[:99]", [0, 1, 2, 3, 4, 5]),
    "slice from": Case("$.days[4:]", [4, 5]),
    "slice from the end": Case("$.days[-2:]", [4, 5]),
    "slice from before the start": Case("$.days[-9:]", [0, 1, 2, 3, 4, 5]),
    "slice between negatives": Case("$.days[-3:-1]", []),
    "slice from far before the start": Case("$.days[-2147483648:2]", []),
    "slice up to a negative is empty with a start": Case("$.days[1:-1]", []),
    "step of a slice is ignored": Case("$.days[0:4:2]", [0, 1, 2, 3]),
    "step of a slice without an end is ignored": Case("$.days[4::2]", [4, 5]),
    "slice of text": Case("$.text[0:2]", []),
    "slice of nothing": Case("$.none[1:]", []),
    "slice then member": Case("$.items[:2].name", ["tea", "mug"]),
    "slice then member, some without": Case("$.items[:3].fragile", [True, None]),
    "slice then member gives up at what is no object": Case("$.items[1:].name", []),
    "several indices": Case("$.days[5,0]", [5, 0]),
    "several indices, one twice": Case("$.days[1,1]", [1, 1]),
    "several indices, one beyond the end": Case("$.days[5,0,9]", []),
    "several indices, one negative": Case("$.days[0,-1]", []),
    "several indices with spaces": Case("$.days[ 1 , 2 ]", [1, 2]),
    "last item of each": Case("$.items[:1].tags[(@.length-1)]", ["leaf"]),
    "descent to a name": Case("$..name", ["tea", "mug", "mat", "tea"]),
    "descent to a deep name": Case("$.items..code", ["CN"]),
    "descent to an index": Case("$..tags[0]", ["hot"]),
    "descent to the first of all arrays": Case("$..[0]", [STOCK["items"][0], "hot", 0]),
    "descent to brackets": Case("$..['code']", ["CN"]),
    "descent with three dots": Case("$...code", ["CN"]),
    "descent to everything": Case("$.best..*", ["tea", 3]),
    "descent to several names is to objects with all of them": Case(
        "$..['name','fragile']", [{"name": "mug", "fragile": True}, {"name": "mat", "fragile": None}]
    ),
    "descent to an index and on skips the index": Case("$.items[0]..[7][0]", []),
    "descent to a filter": Case("$..[?(@.code)]", [{"code": "CN"}]),
    "descent to a filter finds an item once": Case("$..[?(@.fragile == true)].name", ["mug"]),
    "filter on an object tests the object": Case("$.best[?(@.price == 3)]", [{"name": "tea", "price": 3}]),
    "filter on text": Case("$.text[?(@.a)]", []),
}


@pytest.mark.parametrize("case", SELECTED.values(), ids=SELECTED)
def test_indefinite_path_gives_the_nodes_it_finds(case: Case) -> None:
    path = compile_path(case.path)
    assert not path.definite
    assert path.read(Scope(STOCK)) == case.found


def test_indefinite_path_reads_other_roots() -> None:
    scope = Scope(None, {"Map": {"Item": {"Value": [1, 2]}}}, {"rows": [{"n": 1}, {"n": 2}]})
    assert compile_path("$$.Map.Item.Value[*]").read(scope) == [1, 2]
    assert compile_path("$rows[*].n").read(scope) == [1, 2]
    assert compile_path("$rows[0].none[*]").read(scope) == []


def test_missing_variable_is_missing_in_an_indefinite_path_too() -> None:
    with pytest.raises(PathNotFound) as caught:
        compile_path("$gone[*]").read(Scope({}, {}, {}))
    assert str(caught.value) == "No results for path: $['gone']"


def test_several_names_give_one_object() -> None:
    path = compile_path("$.best['price', 'name', 'weight']")
    assert path.definite
    assert path.read(Scope(STOCK)) == {"price": 3, "name": "tea"}


def test_several_names_of_something_else_are_not_found() -> None:
    with pytest.raises(PathNotFound) as caught:
        compile_path("$.days['a','b']").read(Scope(STOCK))
    assert str(caught.value) == "Property ['a', 'b'] not found in path $['days']"
    with pytest.raises(PathNotFound, match="Missing property in path"):
        compile_path("$.none['a','b']").read(Scope(STOCK))


def test_several_names_must_end_a_path() -> None:
    with pytest.raises(PathNotFound) as caught:
        compile_path("$['best','days'].name").read(Scope(STOCK))
    assert str(caught.value) == "Multi properties can only be used as path leafs: $['best', 'days']"


def test_a_slice_of_an_empty_input_fails_alone() -> None:
    with pytest.raises(PathNotFound, match="can only be applied to arrays"):
        compile_path("$[1:]").read(Scope({}))
    assert compile_path("$[1:]").read(Scope({"a": 1})) == []
    assert compile_path("$[*]").read(Scope({})) == []


def nested(depth: int, leaf: Json) -> Json:
    for _ in range(depth):
        leaf = [leaf]
    return leaf


def test_a_path_that_visits_too_many_nodes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_provider.asl.jsonpath.steps.MAX_NODES", 1_000)
    for path in ("$" + "[0,0]" * 60, "$" + "..[*]" * 9):
        with pytest.raises(PathNotFound, match="too expensive: the path visits more than 1,000 nodes"):
            compile_path(path).read(Scope(nested(90, 1)))


def test_a_path_of_too_many_steps_ends() -> None:
    path = compile_path("$" + "[?(@.a)]" * 1_000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        with pytest.raises(PathNotFound, match="too expensive: the path has too many steps"):
            path.read(Scope({"a": 1}))
    finally:
        sys.setrecursionlimit(limit)


def test_a_descent_takes_a_document_as_deep_as_python_reads() -> None:
    assert compile_path("$..x").read(Scope(nested(50_000, {"x": 1}))) == [1]
