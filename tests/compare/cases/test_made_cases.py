"""Made cases: what they reach of a machine, that they repeat, and what they say of the rest."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.jsonata.program import Program
from sfn_provider.compare import make_cases
from sfn_provider.compare.cases import search
from sfn_provider.compare.cases.made_cases import find_cases, made_mocks, mocks_for_input
from sfn_provider.compare.cases.search_budget import SearchBudget
from sfn_provider.engine import simulate
from tests.compare.cases.machines import choice, distributed, ends, machine, s3_reader, task, verify
from tests.compare.cases.reached_cases import CASES, COMPARISON_CASES, FLOW, JSONATA, JSONATA_CASES, POLLING, Case

SALES = Path("dags/sales_pipeline.asl.json")


@pytest.mark.parametrize("case", [*CASES, *COMPARISON_CASES, *JSONATA_CASES], ids=lambda case: case.name)
def test_made_cases_reach_everything_but(case: Case) -> None:
    made = find_cases(parse(case.definition))
    assert set(made.not_reached) == set(case.missed)
    for what, reason in case.missed.items():
        assert reason in made.not_reached[what]
    reached = verify(case.definition, made)
    assert reached == {part.key for part in made.coverage.reached}
    assert made.configuration.get("NotReached", {}) == made.not_reached


def test_a_negative_index_finds_nothing_in_what_is_made() -> None:
    state = {"Type": "Pass", "InputPath": "$.list[-1]", "End": True}
    last = {"StartAt": "Last", "States": {"Last": state}}
    [case] = made_mocks(find_cases(parse(last))).values()
    assert case.input == {"list": [{}]}
    assert simulate(last, case.input, mocks=case).error == "States.Runtime"


def test_the_order_of_fields_does_not_matter() -> None:
    turned = {"States": {"A": {"Next": "B", "Type": "Pass"}, "B": {"End": True, "Type": "Pass"}}, "StartAt": "A"}
    assert json.dumps(make_cases(turned)) == json.dumps(make_cases(parse(turned)))


def test_the_same_definition_makes_the_same_bytes() -> None:
    for definition in (machine("Start", POLLING), machine("Get", JSONATA, QueryLanguage="JSONata")):
        assert json.dumps(make_cases(definition)) == json.dumps(make_cases(json.dumps(definition)))


def test_the_sales_pipeline_takes_five_cases() -> None:
    made = make_cases(SALES.read_text(encoding="utf-8"))
    assert list(made["StateMachines"]["StateMachine"]["TestCases"]) == [
        "NotifySuccess",
        "NotifyQualityFailure",
        "NotifyFailure",
        "RunGlueTransformRetryHelps",
        "RunGlueTransformRetryFails",
    ]
    assert "NotReached" not in made
    assert made["Inputs"]["StateMachine/NotifySuccess"] == {"bucket": "example-bucket", "key": "incoming/example.csv"}
    scores = [
        made["MockedResponses"][name]["0"]["Return"]["quality_score"]
        for name in made["MockedResponses"]
        if name.startswith("CheckDataQuality")
    ]
    assert scores == [0.975, 0.475]


def test_calls_that_are_answered_alike_share_an_entry() -> None:
    definition = machine("T", {"T": task(Retry=[{"ErrorEquals": ["A"], "MaxAttempts": 3}])})
    responses = make_cases(definition)["MockedResponses"]
    assert list(responses["TThrowsA"]) == ["0-3"] or list(responses["TThrowsA"]) == ["0"]


def test_nothing_is_added_to_an_input_of_the_user_s() -> None:
    definition = parse(machine("Get", FLOW))
    given = {"kept": [1, 2]}
    mocks = mocks_for_input(definition, given)
    assert given == {"kept": [1, 2]}
    execution = simulate(definition, given, mocks=mocks)
    assert execution.status == "SUCCEEDED"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_case_has_objects_of_its_own_where_it_reads_others(count: int) -> None:
    made = find_cases(parse(machine("Each", {"Each": distributed(s3_reader(InputType="JSON"))})))
    lengths = [len(json.loads(next(iter(mocks.objects.values())))) for mocks in made_mocks(made).values()]
    assert count in lengths


def test_a_bucket_is_empty_in_the_case_without_items() -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b", "Prefix": "data/"}}
    each = distributed(reader)
    each["ItemProcessor"]["States"] = {"Work": task()}
    each["ItemProcessor"]["StartAt"] = "Work"
    definition = machine("Each", {"Each": each})
    made = find_cases(parse(definition))
    ends = [simulate(definition, mocks.input, mocks=mocks) for mocks in made_mocks(made).values()]
    assert {execution.status for execution in ends} == {"SUCCEEDED"}
    assert sorted(len(execution.output) for execution in ends) == [0, 1, 2]


def test_a_search_ends_after_counted_work(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"Variable": "$.a", "NumericEquals": number, "Next": f"S{number}"} for number in range(60)]
    states = {"Choose": choice(*rules), **ends("No", *(f"S{number}" for number in range(60)))}
    definition = parse(machine("Choose", states))
    assert find_cases(definition).not_reached == {}
    monkeypatch.setattr(search, "SearchBudget", partial(SearchBudget, 100_000))
    made = find_cases(definition)
    assert 0 < len(made.names) < 60
    assert set(made.not_reached.values()) == {"the search has ended after 100,000 steps"}
    assert find_cases(definition).configuration == made.configuration


def test_evaluations_of_expressions_count_for_the_work_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    output = {f"p{n}": f"{{% $count([1..{160_000 + n}]) %}}" for n in range(30)}
    definition = parse(machine("A", {"A": {"Type": "Pass", "Output": output, "End": True}}, QueryLanguage="JSONata"))
    evaluated: list[str] = []
    evaluate = Program.evaluate
    monkeypatch.setattr(Program, "evaluate", lambda self, *args: evaluated.append("") or evaluate(self, *args))
    monkeypatch.setattr(search, "SearchBudget", partial(SearchBudget, 400_000))
    assert find_cases(definition).not_reached == {"state 'A'": "the search has ended after 400,000 steps"}
    assert 1 < len(evaluated) < 30
