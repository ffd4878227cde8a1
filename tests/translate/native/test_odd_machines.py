"""Machines that nobody would write, found by mutation: each becomes a DAG file that Python reads, or stays exact."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from sfn_provider.translate import translate

Json = Any

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
END = {"Type": "Pass", "End": True}
WORK: Json = {"Type": "Task", "Resource": FUNCTION}
LONG = [{"k": number, "l": [1, [1, ["States.Timeout"]]]} for number in range(3)]


def machine(**states: Json) -> Json:
    return {"StartAt": next(iter(states)), "States": states}


def items(body: Json, **fields: Json) -> Json:
    return {"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": body} | fields


def loop(**states: Json) -> Json:
    """A machine that goes through states, which end before ``Count``, up to twice."""
    count = {"Type": "Pass", "Assign": {"n.$": "States.MathAdd($n, 1)"}, "Next": "Again"}
    rule = {"Variable": "$n", "NumericLessThan": 2, "Next": next(iter(states))}
    again = {"Type": "Choice", "Choices": [rule], "Default": "Out"}
    begin = {"Type": "Pass", "Assign": {"n": 0}, "Next": next(iter(states))}
    return machine(Begin=begin, **states, Count=count, Again=again, Out={"Type": "Succeed"})


def caught(next: str, error: str = "States.ALL") -> list[Json]:
    return [{"ErrorEquals": [error], "Next": next}]


COMMENTED = machine(P={"Type": "Pass", "Comment": "Nothing to do", "Result": 1, "Next": "E"}, E=END)

CASES: dict[str, Json] = {
    "a branch that ends at a Map and at its handler": machine(
        P={
            "Type": "Parallel",
            "Branches": [
                machine(
                    M=items(machine(A=WORK | {"Next": "B"}, B=WORK | {"End": True}), Catch=caught("E"), Next="T"),
                    T=WORK | {"End": True},
                    E=END,
                ),
                machine(U=WORK | {"End": True}),
            ],
            "Catch": caught("H"),
            "Next": "H",
        },
        H=WORK | {"End": True},
    ),
    "a long item of a Map in a Map": machine(
        O=items(
            machine(
                S=WORK | {"ResultPath": None, "Next": "I"},
                I=items(
                    machine(
                        T=WORK | {"ResultPath": None, "Next": "P"},
                        P={**END, "Parameters": {"a.$": "$", "l": LONG, "m": LONG}},
                    ),
                    End=True,
                ),
            ),
            End=True,
        )
    ),
    "a Map of comments in a loop": loop(M=items(COMMENTED, ResultPath=None, Next="Count")),
    "a ResultPath with a placeholder": machine(
        P={"Type": "Pass", "Result": 1, "ResultPath": "${x}", "Next": "T"}, T=WORK | {"End": True}
    ),
    "a rule without a comparison": machine(
        M=items(
            machine(
                C={"Type": "Choice", "Choices": [{"Variable": "$.n", "Next": "T"}], "Default": "E"},
                T=WORK | {"End": True},
                E=END,
            ),
            End=True,
        )
    ),
    "a loop around a Parallel with a loop": loop(
        P={
            "Type": "Parallel",
            "Branches": [
                machine(
                    W={**WORK, "Next": "C"},
                    C={
                        "Type": "Choice",
                        "Choices": [{"Variable": "$.done", "BooleanEquals": False, "Next": "W"}],
                        "Default": "E",
                    },
                    E=END,
                )
            ],
            "ResultPath": None,
            "Next": "Count",
        }
    ),
    "a Parallel with an exact state in a loop": {
        "QueryLanguage": "JSONata",
        **machine(
            Begin={"Type": "Pass", "Assign": {"n": 0}, "Next": "P"},
            P={
                "Type": "Parallel",
                "Branches": [
                    machine(
                        W=WORK
                        | {
                            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "E", "Output": "{% $uuid() %}"}],
                            "Next": "E",
                        },
                        E=END,
                    )
                ],
                "Next": "Count",
            },
            Count={"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "Again"},
            Again={"Type": "Choice", "Choices": [{"Condition": "{% $n < 2 %}", "Next": "P"}], "Default": "Out"},
            Out={"Type": "Succeed"},
        ),
    },
}


@pytest.mark.parametrize("name", CASES)
def test_an_odd_machine_becomes_a_file_that_python_reads(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = translate(CASES[name], dag_id="odd", style="native").source
    compile(source, "odd.py", "exec")


def test_half_a_surrogate_pair_in_a_distributed_map_is_text() -> None:
    item = {"Type": "Pass", "Comment": "\ud800", "End": True}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I"}
    each = {"Type": "Map", "ItemProcessor": processor | {"States": {"I": item}}, "End": True}
    source = translate({"StartAt": "M", "States": {"M": each}}, dag_id="odd", style="native").source
    compile(source, "odd.py", "exec")
