from __future__ import annotations

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
    "name right after a wildcard": Case("$.items[*]name", ["tea", "mug", "mat"]),
    "wildcard on text": Case("$.text[*]", []),
    "wildcard on nothing": Case("$.none[*]", []),
    "wildcard below nothing": Case("$.none.list[*].name", []),
    "slice": Case("$.days[1:3]", [1, 2]),
    "slice to": Case("$.days[:2]", [0, 1]),
    "slice to the second last": Case("$.days[:-4]", [0, 1]),
    "slice to beyond the end": Case("$.days[:99]", [0, 1, 2, 3, 4, 5]),
    "slice from": Case("$.days[4:]", [4, 5]),
    "slice from the end": Case("$.days[-2:]", [4, 5]),
    "slice from before the start": Case("$.days[-9:]", [0, 1, 2, 3, 4, 5]),
    "slice between negatives": Case("$.days[-3:-1]", [3, 4]),
    "slice up to a negative is empty with a start": Case("$.days[1:-1]", []),
    "step of a slice is ignored": Case("$.days[0:4:2]", [0, 1, 2, 3]),
    "slice of text": Case("$.text[0:2]", []),
    "slice of nothing": Case("$.none[1:]", []),
    "slice then member": Case("$.items[1:].name", ["mug", "mat"]),
    "union of indices": Case("$.days[5,0,9]", [5, 0]),
    "union with spaces": Case("$.days[ 1 , 2 ]", [1, 2]),
    "descent to a name": Case("$..name", ["tea", "mug", "mat", "tea"]),
    "descent to a deep name": Case("$.items..code", ["CN"]),
    "descent to an index": Case("$..tags[0]", ["hot"]),
    "descent to brackets": Case("$..['code']", ["CN"]),
    "descent to everything": Case("$.best..*", ["tea", 3]),
    "descent to a filter": Case("$..[?(@.code)]", [{"code": "CN"}]),
    "descent to a filter finds an item once": Case("$..[?(@.fragile == true)].name", ["mug"]),
    "filter: exists": Case("$.items[?(@.fragile)].name", ["mug", "mat"]),
    "filter: not": Case("$.items[?(!@.fragile)].name", ["tea"]),
    "filter: number": Case("$.items[?(@.price > 2)].name", ["tea", "mug"]),
    "filter: whole number is no fraction": Case("$.items[?(@.price == 1)].name", []),
    "filter: text": Case("$.items[?(@.name == 'mug')].price", [12.5]),
    "filter: double quotes": Case('$.items[?(@.name == "mug")].price', [12.5]),
    "filter: text in order": Case("$.items[?(@.name >= 'mug')].name", ["tea", "mug"]),
    "filter: true is not 1": Case("$.items[?(@.fragile == 1)].name", []),
    "filter: true": Case("$.items[?(@.fragile == true)].name", ["mug"]),
    "filter: null": Case("$.items[?(@.fragile == null)].name", ["mat"]),
    "filter: other type": Case("$.items[?(@.price > 'a')].name", []),
    "filter: and": Case("$.items[?(@.price > 2 && @.name == 'tea')].name", ["tea"]),
    "filter: or": Case("$.items[?(@.price < 2 || @.name == 'tea')].name", ["tea", "mat"]),
    "filter: parentheses without blanks": Case(
        "$.items[?(@.price>1&&(@.name=='tea'||@.fragile))].name", ["tea", "mug", "mat"]
    ),
    "filter: dash": Case("$.items[?(@.odd-name == 'x')].name", ["mat"]),
    "filter: brackets": Case("$.items[?(@['odd-name'] == 'x')].name", ["mat"]),
    "filter: deep": Case("$.items[?(@.origin.code == 'CN' && @.tags[1] == 'leaf')].name", ["tea"]),
    "filter: negative number": Case("$.items[?(@.price > -1e0)].name", ["tea", "mug", "mat"]),
    "filter: in a filter": Case("$[?(@.items[?(@.price > 12)])].text", ["abcdef"]),
    "filter: object tests itself": Case("$.best[?(@.price == 3)]", [{"name": "tea", "price": 3}]),
    "filter: matches objects only": Case("$.days[?(@ > 2)]", []),
    "filter: on text": Case("$.text[?(@.a)]", []),
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
    with pytest.raises(PathNotFound, match="but found 'array'"):
        compile_path("$.days['a','b']").read(Scope(STOCK))
    with pytest.raises(PathNotFound, match="No results for path"):
        compile_path("$.none['a','b']").read(Scope(STOCK))


def test_several_names_must_end_a_path() -> None:
    with pytest.raises(PathNotFound) as caught:
        compile_path("$['best','days'].name").read(Scope(STOCK))
    assert str(caught.value) == "Multi properties can only be used as path leafs: $['best', 'days']"
