from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import read_definition
from sfn_provider.xcom_json import INPUT_KEY, decode_dag_run_conf

HEAD = "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  Parcels:\n"


def cloudformation(properties: str) -> str:
    return f"{HEAD}    Type: AWS::StepFunctions::StateMachine\n    Properties:\n{properties}"


def sam(properties: str) -> str:
    return f"{HEAD}    Type: AWS::Serverless::StateMachine\n    Properties:\n{properties}"


def one_task(resource: str, **fields: Any) -> dict[str, Any]:
    return {"StartAt": "Weigh", "States": {"Weigh": {"Type": "Task", "Resource": resource, **fields, "End": True}}}


OBJECT = """\
      Definition:
        StartAt: Weigh
        States:
          Weigh: {Type: Task, Resource: RESOURCE, End: true}
"""


def definition_of(file: Path, substitutions: dict[str, str] | None = None) -> Any:
    return read_definition(str(file), substitutions).document.value


@dataclass(frozen=True)
class Case:
    id: str
    template: str
    definition: dict[str, Any]
    substitutions: dict[str, str] = field(default_factory=dict)


CASES = [
    Case(
        "text",
        cloudformation(
            '      DefinitionString: \'{"StartAt":"Weigh","States":{"Weigh":'
            '{"Type":"Task","Resource":"${Scale}","End":true}}}\'\n'
        ),
        one_task("${Scale}"),
    ),
    Case(
        "sub",
        cloudformation(
            "      DefinitionString: !Sub |\n        {\n"
            '          "StartAt": "Weigh",\n'
            '          "States": {"Weigh": {"Type": "Task", "Resource": "${Scale.Arn}", "End": true}}\n        }\n'
        ),
        one_task("${Scale.Arn}"),
    ),
    Case(
        "sub with a map",
        cloudformation(
            "      DefinitionString:\n        Fn::Sub:\n          - |\n            {\n"
            '              "StartAt": "Weigh",\n'
            '              "States": {"Weigh": {"Type": "Task", "Resource": "${A}", "Comment": "${B} ${!C}",'
            ' "End": true}}\n            }\n'
            "          - A: !GetAtt Scale.Arn\n            B: heavy\n"
        ),
        one_task("${Scale.Arn}", Comment="heavy ${C}"),
    ),
    Case(
        "join",
        cloudformation(
            '      DefinitionString: !Join ["", [\'{"StartAt":"Weigh","States":{"Weigh":{"Type":"Task","Resource":"\', '
            '!GetAtt Scale.Arn, \'","End":true}}}\']]\n'
        ),
        one_task("${Scale.Arn}"),
    ),
    Case("object", cloudformation(OBJECT.replace("RESOURCE", "!Ref Scale")), one_task("${Scale}")),
    Case(
        "join in an object",
        sam(OBJECT.replace("RESOURCE", "!Join [':', [arn, !Ref AWS::Partition, states, '', '', 'sns:publish']]")),
        one_task("arn:${AWS::Partition}:states:::sns:publish"),
    ),
    Case(
        "substitutions of the template",
        sam(OBJECT.replace("RESOURCE", '"${Fn}"') + "      DefinitionSubstitutions: {Fn: arn:aws:lambda:a}\n"),
        one_task("arn:aws:lambda:a"),
    ),
    Case(
        "substitutions that are not known",
        sam(OBJECT.replace("RESOURCE", '"${Fn}"') + "      DefinitionSubstitutions: {Fn: !GetAtt Scale.Arn}\n"),
        one_task("${Scale.Arn}"),
    ),
    Case(
        "the user's value for a name of the template",
        sam(OBJECT.replace("RESOURCE", '"${Fn}"') + "      DefinitionSubstitutions: {Fn: !GetAtt Scale.Arn}\n"),
        one_task("arn:mine"),
        {"Scale.Arn": "arn:mine"},
    ),
    Case(
        "the user's value goes before the template's",
        sam(OBJECT.replace("RESOURCE", '"${Fn}"') + "      DefinitionSubstitutions: {Fn: arn:theirs}\n"),
        one_task("arn:mine"),
        {"Fn": "arn:mine"},
    ),
    Case(
        "a function that only a stack can tell",
        sam(OBJECT.replace("RESOURCE", "!ImportValue scales-Arn")),
        one_task("${ImportValue scales-Arn}"),
    ),
    Case(
        "a map of the template",
        "Mappings: {Scales: {one: {arn: 'arn:one'}}}\n"
        + sam(OBJECT.replace("RESOURCE", "!FindInMap [Scales, one, arn]")),
        one_task("arn:one"),
    ),
    Case(
        "select and split",
        sam(OBJECT.replace("RESOURCE", "!Select [1, !Split ['|', 'a|arn:b']]")),
        one_task("arn:b"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_definition_of_a_template(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(case.template)
    assert definition_of(file, case.substitutions) == case.definition


def test_a_template_in_json(tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    definition = {"StartAt": "Weigh", "States": {"Weigh": {"Type": "Task", "Resource": {"Ref": "Fn"}, "End": True}}}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": definition}}
    file.write_text(json.dumps({"Resources": {"Parcels": resource}}, indent=2))
    assert read_definition(str(file)).document.value == one_task("${Fn}")


def test_a_definition_in_a_file_beside_the_template(tmp_path: Path) -> None:
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "parcels.asl.json").write_text(json.dumps(one_task("${Fn}")))
    file = tmp_path / "template.yaml"
    file.write_text(
        sam("      DefinitionUri: machines/parcels.asl.json\n      DefinitionSubstitutions: {Fn: !GetAtt F.Arn}\n")
    )
    found = read_definition(str(file))
    assert found.document.value == one_task("${F.Arn}")
    assert (found.name, found.origin) == ("Parcels", "template.yaml#Parcels")
    assert found.file == str(tmp_path / "machines" / "parcels.asl.json")


@pytest.mark.parametrize("uri", ["../other.json", "link.json", "../in/../other.json"])
def test_a_definition_outside_of_the_folder_is_read_only_where_it_is_permitted(uri: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "other.json").write_text(json.dumps(one_task("r")))
    (tmp_path / "in" / "link.json").symlink_to(tmp_path / "other.json")
    file = tmp_path / "in" / "template.yaml"
    file.write_text(sam(f"      DefinitionUri: {uri}\n"))
    with pytest.raises(UsageError, match="nothing outside of it is read"):
        read_definition(str(file))
    assert read_definition(f"{tmp_path}//in/template.yaml").document.value == one_task("r")


REFUSED = [
    ("      DefinitionUri: s3://bucket/key\n", "is in S3"),
    ("      DefinitionUri: {Bucket: b, Key: k}\n", "is in S3"),
    ("      DefinitionS3Location: {Bucket: b, Key: k}\n", "definition in S3"),
    ("      DefinitionUri: absent.json\n", "no such file"),
    ("      RoleArn: r\n", "none of DefinitionString"),
    ("      DefinitionUri: a.json\n      DefinitionString: '{}'\n", "has DefinitionString and DefinitionUri"),
    ("      Definition: text\n", "must be an object"),
    ("      DefinitionString: !Sub [a]\n", "Fn::Sub takes"),
    ("      DefinitionString: [a\n", "template is not YAML"),
    ("      DefinitionString: !!int a\n", "invalid literal"),
]


@pytest.mark.parametrize(("properties", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_cannot_be_read_is_refused(properties: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(sam(properties))
    with pytest.raises(UsageError, match=told):
        read_definition(str(file))


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    file = tmp_path / "template.yaml"
    file.write_text("\n".join([*lines, sam(OBJECT.replace("RESOURCE", "r"))]))
    with pytest.raises(UsageError, match="aliases of the template"):
        read_definition(str(file))


def test_yaml_of_a_template_is_1_1_without_dates(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        sam(OBJECT.replace("{Type: Task, Resource: RESOURCE, End: true}", "{Type: Succeed, Comment: 2025-01-01}"))
    )
    assert definition_of(file)["States"]["Weigh"]["Comment"] == "2025-01-01"


def test_parameter_defaults_are_taken_and_told(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    parameters = "Parameters:\n  Table: {Type: String, Default: parcels}\n"
    file.write_text(parameters + sam(OBJECT.replace("RESOURCE", "!Ref Table")))
    found = read_definition(str(file))
    assert found.document.value == one_task("parcels")
    assert [entry.code for entry in found.document.notes] == ["PARAMETER_DEFAULT"]
    given = read_definition(str(file), {"Table": "others"})
    assert given.document.value == one_task("others")
    assert given.document.notes == ()


def test_problems_have_the_line_of_the_template(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    lines = cloudformation(OBJECT.replace("End: true", "Nxt: x")).splitlines()
    file.write_text("\n".join(lines))
    found = read_definition(str(file))
    [problem] = [entry for entry in found.document.diagnostics if entry.location.endswith("/Nxt")]
    assert problem.line is not None
    assert "Nxt" in lines[problem.line - 1]


def test_problems_in_a_block_of_text_have_the_line_of_the_template(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    lines = next(case for case in CASES if case.id == "sub with a map").template.replace("End", "Nxt").splitlines()
    file.write_text("\n".join(lines))
    found = read_definition(str(file))
    [problem] = [entry for entry in found.document.diagnostics if entry.location.endswith("/Nxt")]
    assert problem.line is not None
    assert "Nxt" in lines[problem.line - 1]


TWO = "\n  Other:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n" + OBJECT.replace("RESOURCE", "other")


def test_one_of_several_machines(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(sam(OBJECT.replace("RESOURCE", "first")) + TWO)
    with pytest.raises(UsageError, match="has the state machines Parcels, Other; name one"):
        read_definition(str(file))
    with pytest.raises(UsageError, match="no state machine 'Absent'; it has Parcels, Other"):
        read_definition(f"{file}#Absent")
    found = read_definition(f"{file}#Other")
    assert (found.document.value, found.name) == (one_task("other"), "Other")


def test_a_template_without_machines(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Resources:\n  Bucket: {Type: AWS::S3::Bucket}\n")
    with pytest.raises(UsageError, match="has no state machine"):
        read_definition(str(file))


def test_an_express_machine(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(sam("      Type: EXPRESS\n" + OBJECT.replace("RESOURCE", "r")))
    assert read_definition(str(file)).execution_type == "EXPRESS"


DAILY = """\
      Events:
        Daily:
          Type: Schedule
          Properties: {Schedule: rate(1 day), Input: '{"depot": "north"}'}
"""


def events(*changes: tuple[str, str]) -> str:
    text = OBJECT.replace("RESOURCE", "r") + DAILY
    for old, new in changes:
        text = text.replace(old, new)
    return sam(text)


@dataclass(frozen=True)
class EventCase:
    id: str
    template: str
    schedule: str | None
    params: dict[str, Any] = field(default_factory=dict)
    codes: tuple[str, ...] = ()


SCHEDULER = """
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: cron(0 2 * * ? *)
      ScheduleExpressionTimezone: Europe/Berlin
      Target: {Arn: !GetAtt Parcels.Arn, Input: '{"depot": "east"}'}
"""
RULE = """
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{Arn: !Ref Parcels, Input: !Sub '{"depot": "${Depot}"}', Id: a}]
"""
EVENTS = [
    EventCase("schedule", events(), "rate(1 day)", {"depot": "north"}),
    EventCase(
        "schedule v2",
        events(("Type: Schedule", "Type: ScheduleV2"), ("Schedule:", "ScheduleExpression:")),
        "rate(1 day)",
        {"depot": "north"},
    ),
    EventCase("without input", events((""", Input: '{"depot": "north"}'""", "")), "rate(1 day)"),
    EventCase("no object", events(('{"depot": "north"}', "[1]")), "rate(1 day)", {INPUT_KEY: [1]}),
    EventCase("no JSON", events(('{"depot": "north"}', "{")), "rate(1 day)", {}, ("SCHEDULE_INPUT",)),
    EventCase(
        "too deep", events(('{"depot": "north"}', "[" * 129 + "]" * 129)), "rate(1 day)", {}, ("SCHEDULE_INPUT",)
    ),
    EventCase("off", events(("Input", "Enabled: false, Input")), None, {}, ("EVENT_NOT_TAKEN",)),
    EventCase("off, v2", events(("Input", "State: DISABLED, Input")), None, {}, ("EVENT_NOT_TAKEN",)),
    EventCase("another type", events(("Type: Schedule", "Type: Api")), None, {}, ("EVENT_NOT_TAKEN",)),
    EventCase("not known", events(("rate(1 day)", "!Ref When")), None, {}, ("EVENT_NOT_TAKEN",)),
    EventCase("scheduler", sam(OBJECT) + SCHEDULER, "cron(0 2 * * ? *)", {"depot": "east"}),
    EventCase("rule", sam(OBJECT) + RULE, "rate(1 hour)", {"depot": "${Depot}"}, ("SCHEDULE_INPUT",)),
    EventCase(
        "rule for events",
        sam(OBJECT) + RULE.replace("ScheduleExpression: rate(1 hour)", "EventPattern: {source: [aws.s3]}"),
        None,
        {},
        ("EVENT_NOT_TAKEN",),
    ),
    EventCase("rule for another machine", sam(OBJECT) + RULE.replace("Ref Parcels", "Ref Other"), None),
    EventCase("two", events() + RULE, "rate(1 day)", {"depot": "north"}, ("EVENT_NOT_TAKEN",)),
]


@pytest.mark.parametrize("case", EVENTS, ids=lambda case: case.id)
def test_what_starts_a_machine(case: EventCase, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(case.template)
    found = read_definition(str(file))
    assert (found.schedule, found.params) == (case.schedule, case.params)
    assert tuple(finding.code for finding in found.findings) == case.codes


@pytest.mark.parametrize("input", ['{"depot": "north"}', "[1]", '{"sfn_provider:input": 1}'])
def test_the_input_of_a_schedule_is_that_of_the_execution(input: str, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(events(('{"depot": "north"}', input)))
    assert decode_dag_run_conf(dict(read_definition(str(file)).params)) == json.loads(input)


ODD = [
    ("Properties: {Schedule: rate(1 day)", "Properties: !If [Live, {Schedule: rate(1 day)"),
    (
        "        Daily:\n          Type: Schedule\n",
        "        Daily: !If [Live, {}, {}]\n        Other:\n          Type: Schedule\n",
    ),
    ("      Events:", "      DefinitionSubstitutions: !If [Live, {}, {}]\n      Events:"),
]


@pytest.mark.parametrize("place", range(len(ODD)))
def test_functions_where_objects_stand_are_passed_over(place: int, tmp_path: Path) -> None:
    old, new = ODD[place]
    text = events((old, new))
    if place == 0:
        text = text.replace('\'{"depot": "north"}\'}', '\'{"depot": "north"}\'}, {}]')
    file = tmp_path / "template.yaml"
    file.write_text(text)
    found = read_definition(str(file))
    assert definition_of(file) == one_task("r")
    assert (found.schedule is None) == (place == 0)
    assert [finding.code for finding in found.findings] == ([] if place == 2 else ["EVENT_NOT_TAKEN"])


def test_a_question_mark_stands_in_flow_style(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    properties = "Definition: {StartAt: A, States: {A: {Type: Pass, Comment: cron(0 3 * * ? *), End: true}}}"
    file.write_text(f"Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      {properties}\n")
    assert read_definition(str(file)).document.value["States"]["A"]["Comment"] == "cron(0 3 * * ? *)"


@pytest.mark.parametrize(
    "text", ["Resources:\n  A: " + "[" * 100_000, "Resources:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 1_000))]
)
def test_a_template_that_nests_deeply_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(text)
    with pytest.raises(UsageError, match="the template nests deeper than 200 levels"):
        read_definition(str(tmp_path / "template.yaml"))
