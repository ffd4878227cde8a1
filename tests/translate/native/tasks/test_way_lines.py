"""Values that differ by the way which a Choice has chosen: the branch pushes what it chooses, where others ask."""

from __future__ import annotations

from typing import Any

from tests.translate.native.native_states import call, native


def choice(default: str | None, **targets: str) -> dict[str, Any]:
    rules = [{"Variable": "$.status", "StringEquals": status, "Next": target} for status, target in targets.items()]
    return {"Type": "Choice", "Choices": rules, **({} if default is None else {"Default": default})}


def two_choices(again: dict[str, Any]) -> dict[str, Any]:
    return {
        "First": call("first", Next="Which"),
        "Which": choice("Second", done="Last"),
        "Second": call("second", Next="Again"),
        "Again": again,
        "Stop": {"Type": "Fail"},
        "Last": call("last", End=True),
    }


def test_ways_of_two_choices_that_meet_are_told_by_what_one_has_chosen() -> None:
    source = native(two_choices(choice("Last", bad="Stop"))).source
    assert "sfn_provider" not in source
    assert 'chosen = "Stop" if json.loads(result)["status"] == "bad" else "Last_payload"' in source
    assert source.count('ti.xcom_push(key="chosen", value=chosen)') == 1, "nobody asks for the other one"
    assert 'if ti.xcom_pull(task_ids="Again", key="chosen") == "Last_payload":' in source


def test_a_choice_of_several_rules_without_default_pushes_what_it_chooses_and_fails_else() -> None:
    source = native(two_choices(choice(None, bad="Stop", good="Last", worse="Stop"))).source
    start = source.index("def again(")
    assert [line.strip() for line in source[start:].splitlines()[1:13]] == [
        "second = json.loads(result)",
        'if second["status"] == "bad":',
        'chosen = "Stop"',
        'elif second["status"] == "good":',
        'chosen = "Last_payload"',
        'elif second["status"] == "worse":',
        'chosen = "Stop"',
        "else:",
        'raise AirflowFailException("No rule of Again matches")',
        'ti.xcom_push(key="chosen", value=chosen)',
        "return chosen",
        "",
    ]


def test_rules_that_lead_to_one_state_with_other_variables_are_not_told_apart() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Assign": {"way": "one"}, "Next": "Last"}
    other = {"Variable": "$.n", "NumericEquals": 2, "Assign": {"way": "two"}, "Next": "Last"}
    made = native(
        {
            "First": call("first", ResultPath=None, Next="Which"),
            "Which": {"Type": "Choice", "Choices": [rule, other]},
            "Last": call("last", Parameters={"way.$": "$way"}, End=True),
        }
    )
    [why] = [found.why for found in made.findings if found.code == "STAYS_EXACT" and found.state != "First"]
    assert "nothing says which was taken" in why


def test_states_without_a_task_that_lead_to_one_are_not_told_apart() -> None:
    passes = {
        name: {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"way": name}, "Next": "Last"} for name in "AB"
    }
    which = choice("B", a="A")
    made = native({"First": call("first", Next="Which"), "Which": which, **passes, "Last": call("last", End=True)})
    assert "StatesOperator" in made.source


def test_more_ways_than_an_expression_chooses_among_are_statements() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Told"}]
    names = ("A", "B", "C", "D", "E")
    states: dict[str, Any] = {
        name: call(name.lower(), ResultPath=f"$.{name}", Catch=catch, Next=following)
        for name, following in zip(names, (*names[1:], "Told"), strict=True)
    }
    states["Told"] = {"Type": "Pass", "Parameters": {"all.$": "$"}, "Next": "Meet"}
    states["Meet"] = call("meet", End=True)
    assert "sfn_provider" not in native(states).source
