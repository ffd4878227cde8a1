from __future__ import annotations

import copy
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.paths import PathNotFound, PathSyntaxError, compile_path
from sfn_provider.asl.scope import Json, Scope

ORDER: Json = {
    "id": "o-17",
    "paid": None,
    "lines": [{"sku": "tea", "qty": 2}, {"sku": "cup", "qty": 1}],
    "none": [],
    "ship-to": {"größe": "L", "odd name": 1, "it's": 2, "0": "zero"},
}
SCOPE = Scope(ORDER, {"Execution": {"Name": "nightly"}}, {"limit": {"max": [5, 6]}, "größe": "M"})


@dataclass(frozen=True)
class Case:
    path: str
    value: Json
    scope: Scope = field(default_factory=lambda: SCOPE)


READ = {
    "root": Case("$", ORDER),
    "member": Case("$.id", "o-17"),
    "null member": Case("$.paid", None),
    "nested": Case("$.lines[1].sku", "cup"),
    "last item": Case("$.lines[(@.length-1)].sku", "cup"),
    "second last item": Case("$.lines[( @.size() - 2 )].sku", "tea"),
    "dash": Case("$.ship-to.größe", "L"),
    "single quotes": Case("$['ship-to']['odd name']", 1),
    "backslash and double quotes in a name": Case(r"""$['a\"b']""", 1, Scope({'a\\"b': 1})),
    "parentheses in a name": Case("$.f(x", 1, Scope({"f(x": 1})),
    "no dot before a name": Case("$.lines[0]sku", "tea"),
    "more in brackets after an index": Case("$.lines[1abc].sku", "cup"),
    "dot before bracket": Case("$.['lines'].[0].qty", 2),
    "digits are a name after a dot": Case("$.ship-to.0", "zero"),
    "spaces in brackets": Case("$.lines[ 0 ][ 'qty' ]", 2),
    "spaces around": Case(" $.id ", "o-17"),
    "context": Case("$$.Execution.Name", "nightly"),
    "whole context": Case("$$", SCOPE.context),
    "variable": Case("$limit.max[0]", 5),
    "variable with brackets": Case("$limit['max'][1]", 6),
    "variable with other letters": Case("$größe", "M"),
    "array as input": Case("$[0].a", 1, Scope([{"a": 1}])),
}


@pytest.mark.parametrize("case", READ.values(), ids=READ)
def test_definite_path_gives_its_node(case: Case) -> None:
    path = compile_path(case.path)
    assert path.definite
    assert path.read(case.scope) == case.value


def test_what_is_read_is_the_node_itself_and_no_copy() -> None:
    assert compile_path("$.lines").read(SCOPE) is ORDER["lines"]


MISSING_NODES = {
    "last member": ("$.total", "No results for path: $['total']"),
    "member on the way": ("$.total.net", "Missing property in path $['total']"),
    "deep last member": ("$.lines[0].price", "No results for path: $['lines'][0]['price']"),
    "member of text": (
        "$.id.x",
        "Expected to find an object with property ['x'] in path $['id'] but found 'string'. This is not a json object.",
    ),
    "member of null": (
        "$.paid.x",
        "Expected to find an object with property ['x'] in path $['paid'] but found 'null'. This is not a json object.",
    ),
    "item of text": ("$.id[0]", "Filter: [0] can only be applied to arrays. Current context is: o-17"),
    "item of an object": (
        "$.lines[0][0]",
        "Filter: [0] can only be applied to arrays. Current context is: {sku=tea, qty=2}",
    ),
    "item of null": ("$.paid[0]", "The path $['paid'] is null"),
    "item beyond the end": ("$.lines[7]", "No results for path: $['lines'][7]"),
    "negative index": ("$.lines[-1].sku", "No results for path: $['lines'][-1]['sku']"),
    "last item of an empty array": ("$.none[(@.length-1)]", "No results for path: $['none'][-1]"),
    "last item of nothing": ("$.nothing[(@.length-1)]", "Missing property in path $['nothing']"),
    "last item of text": ("$.id[(@.length-1)]", "Filter: [-1] can only be applied to arrays. Current context is: o-17"),
    "context": ("$$.Task.Token", "Missing property in path $['Task']"),
    "variable": ("$nobody", "No results for path: $['nobody']"),
    "member of a missing variable": ("$nobody.x", "Missing property in path $['nobody']"),
    "function": ("$.ship-to.length()", "No results for path: $['ship-to']['length()']"),
}


@pytest.mark.parametrize(("text", "reason"), MISSING_NODES.values(), ids=MISSING_NODES)
def test_missing_node_is_named_as_aws_does(text: str, reason: str) -> None:
    with pytest.raises(PathNotFound) as caught:
        compile_path(text).read(SCOPE)
    assert str(caught.value) == reason
    assert caught.value.path == text


@pytest.mark.parametrize(
    ("text", "miss"),
    [
        ("$.lines[7]", "beyond the end"),
        ("$.lines[7].sku", "missing"),
        ("$.lines[-1]", "missing"),
        ("$.id[0]", "not an array"),
        ("$.no", "missing"),
    ],
)
def test_kind_of_miss(text: str, miss: str) -> None:
    with pytest.raises(PathNotFound) as caught:
        compile_path(text).read(SCOPE)
    assert caught.value.miss == miss


REFUSED = {
    "no dollar": ("id", "starts with '$' at position 0"),
    "empty": ("", "starts with '$'"),
    "ends with a dot": ("$.", "expected a name at position 2"),
    "ends with two dots": ("$.a..", "expected a name at position 5"),
    "blank in a name": ("$.odd name", "needs brackets and quotes"),
    "blank after the root": ("$ .a", "expected '.' or '['"),
    "blank after a dot": ("$. a", "needs brackets and quotes"),
    "blank after a bracket": ("$[0] .a", "needs brackets and quotes"),
    "number as variable": ("$1", "expected '.' or '['"),
    "no dot after the context": ("$$Execution", "expected '.' or '['"),
    "open bracket": ("$.a[", "expected '*', an index"),
    "empty brackets": ("$.a[]", "expected '*', an index"),
    "open quote": ("$['a", "expected a name between single quotes"),
    "half a quote": ("$[']", "expected a name between single quotes"),
    "bare word in brackets": ("$[a]", "expected '*', an index"),
    "double quotes in brackets": ('$["a"]', "name in single quotes"),
    "no closing bracket": ("$['a'", "expected a name between single quotes"),
    "no closing bracket after an index": ("$[1", "expected ']'"),
    "empty slice": ("$.a[:]", "a slice with a start or an end"),
    "only a step": ("$.a[::2]", "a slice with a start or an end"),
    "two numbers": ("$.a[1-2]", "expected an index"),
    "slice beyond 32 bits": ("$.a[-113667776004:2]", "an index must be less than 2147483648"),
    "index of many digits": (f"$[{'9' * 5000}]", "an index must be less than 2147483648"),
    "length without a distance": ("$.a[(@.length)]", "expected [(@.length-1)]"),
    "other function than length": ("$.a[(@.count-1)]", "expected [(@.length-1)]"),
    "filter without parentheses": ("$.a[?@.b]", "expected a filter such as [?(@.a == 1)]"),
    "filter from outside": ("$.a[?]", "expected a filter such as [?(@.a == 1)]"),
    "filter without an end": ("$.a[?(@.b", "expected a filter such as [?(@.a == 1)]"),
    "filter with a list": ("$.a[?(@.b in ['x'])]", "a condition is a path or a comparison by =="),
    "filter with a function": ("$.a[?(length(@.b) )]", "neither a path from @ nor a comparison"),
    "filter that is a text": ("$.a[?('b')]", "neither a path from @ nor a comparison"),
    "filter of nothing": ("$.a[?(@.b && )]", "neither a path from @ nor a comparison"),
    "filter that compares many": ("$.a[?(@.b[*] == 1)]", "may name several nodes"),
    "filter in a filter": ("$.a[?(@.b[?(@.c)])]", "a path in a filter cannot have a filter"),
    "filters in filters": ("$" + "[?(@" * 5000 + ")]" * 5000, "a path in a filter cannot have a filter"),
    "slice in a filter": ("$.a[?(@.b[0:1])]", "may name several nodes"),
    "context in a filter": ("$.a[?(@.b == $$.c)]", "expected '.' or '['"),
    "negation on the right": ("$.a[?(@.b == !@.c)]", "negated"),
    "filter with a wrong regular expression": ("$.a[?(@.b =~ /*a/)]", "is no regular expression"),
    "placeholder of a template": ("${Path}", "expected '.' or '['"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_path_says_why(text: str, reason: str) -> None:
    with pytest.raises(PathSyntaxError) as caught:
        compile_path(text)
    assert reason in str(caught.value)


def test_syntax_error_is_a_value_error() -> None:
    assert issubclass(PathSyntaxError, ValueError)


def test_the_same_text_gives_the_same_object() -> None:
    assert compile_path("$.lines[0]") is compile_path("$.lines[0]")


def test_functions_are_listed_because_aws_does_not_evaluate_them() -> None:
    assert compile_path("$.lines.length()").functions == ("length()",)
    assert compile_path("$.lines[0]").functions == ()


names = st.text(st.characters(exclude_characters="'[]"), max_size=6)  # Jayway cannot write these three
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def places(value: Json, path: str = "$") -> list[tuple[str, Json]]:
    """Every node of a document with a path to it in brackets."""
    found = [(path, value)]
    if isinstance(value, dict):
        for name, item in value.items():
            found += places(item, f"{path}['{name}']")
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, f"{path}[{index}]")
    return found


# fmt: off
pieces = st.sampled_from([
    "$", "@", ".", "..", "[", "]", "(", ")", "?", "?(", "*", "'", '"', ",", ":", "-", "0", "1", "a", "b", " ", "/",
    "/i", "&&", "||", "==", "!=", "=~", "!", "<", "\\", "(@.length-1)", "null", "['a']", "[?(@.a", ")]",
])
# fmt: on


@given(st.lists(pieces, max_size=14).map("".join), documents)
def test_any_text_is_a_path_or_refused_and_any_path_reads_or_misses(text: str, document: Json) -> None:
    try:
        path = compile_path("$" + text)
    except PathSyntaxError:
        return
    try:
        found = path.read(Scope(document, {}, {}))
    except PathNotFound:
        return
    assert path.definite or isinstance(found, list)


@given(documents)
def test_every_node_of_a_document_can_be_read_and_nothing_changes(document: Json) -> None:
    before = copy.deepcopy(document)
    for path, node in places(document):
        assert compile_path(path).read(Scope(document)) is node
    assert document == before
