"""Schedules of every format become the same: expression, time zone, period, input and findings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.translate import Translation, translate_file
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.plan.schedule import SchedulePeriod

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


@dataclass(frozen=True)
class Given:
    """A schedule as a file may have it; None for what it leaves out.

    Args:
        expression: EventBridge's expression.
        input: JSON text.
        enabled: whether it is switched on.
        zone: its time zone.
        start: StartDate.
        end: EndDate.
        window: the minutes of its FlexibleTimeWindow.
        template: the text of an InputTransformer.
        path: InputPath.
    """

    expression: str = "cron(0 2 * * ? *)"
    input: str | None = '{"depot": "east"}'
    enabled: bool | None = None
    zone: str | None = None
    start: str | None = None
    end: str | None = None
    window: int | None = None
    template: str | None = None
    path: str | None = None


def without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def state_of(given: Given) -> str | None:
    return None if given.enabled is None else "ENABLED" if given.enabled else "DISABLED"


def transformer(given: Given) -> dict[str, Any] | None:
    return None if given.template is None else {"InputPathsMap": {"t": "$.time"}, "InputTemplate": given.template}


def window(given: Given) -> dict[str, Any] | None:
    return None if given.window is None else {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": given.window}


def template(**resources: Any) -> str:
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": DEFINITION}}
    return json.dumps({"Resources": {"M": machine, **resources}})


def sam_template(event: str, properties: dict[str, Any]) -> str:
    events = {"E": {"Type": event, "Properties": properties}}
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": DEFINITION, "Events": events}}
    return json.dumps({"Resources": {"M": machine}})


def rule(given: Given, arn: Any = None) -> str:
    target = without_none(
        Arn=arn or {"Ref": "M"}, Id="t", Input=given.input, InputPath=given.path, InputTransformer=transformer(given)
    )
    fields = without_none(ScheduleExpression=given.expression, State=state_of(given), Targets=[target])
    return template(R={"Type": "AWS::Events::Rule", "Properties": fields})


def scheduled(given: Given) -> dict[str, Any]:
    return without_none(
        ScheduleExpression=given.expression,
        State=state_of(given),
        ScheduleExpressionTimezone=given.zone,
        StartDate=given.start,
        EndDate=given.end,
        FlexibleTimeWindow=window(given),
    )


def scheduler(given: Given, target: dict[str, Any] | None = None) -> str:
    to = target or without_none(Arn={"Fn::GetAtt": ["M", "Arn"]}, RoleArn="r", Input=given.input)
    return template(S={"Type": "AWS::Scheduler::Schedule", "Properties": scheduled(given) | {"Target": to}})


def start_execution(given: Given) -> str:
    request = {"Fn::Sub": json.dumps(without_none(StateMachineArn="${M.Arn}", Input=given.input))}
    return scheduler(given, {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": request})


def sam_schedule(given: Given) -> str:
    fields = without_none(Schedule=given.expression, Enabled=given.enabled, Input=given.input)
    return sam_template("Schedule", fields)


def sam_schedule_v2(given: Given) -> str:
    return sam_template("ScheduleV2", scheduled(given) | without_none(Input=given.input))


def hcl(name: str, value: Any) -> str:
    return "" if value is None else f"  {name} = {json.dumps(value)}\n"


TERRAFORM = (
    f'resource "aws_sfn_state_machine" "m" {{\n  name = "m"\n  definition = <<EOF\n{json.dumps(DEFINITION)}\nEOF\n}}\n'
)


def terraform_rule(given: Given, arn: str = "aws_sfn_state_machine.m.arn") -> str:
    fields = hcl("schedule_expression", given.expression) + hcl("state", state_of(given))
    transform = (
        "" if given.template is None else f"  input_transformer {{\n{hcl('input_template', given.template)}  }}\n"
    )
    target = f"  arn = {arn}\n{hcl('input', given.input)}{hcl('input_path', given.path)}{transform}"
    return (
        f'{TERRAFORM}resource "aws_cloudwatch_event_rule" "r" {{\n  name = "night"\n{fields}}}\n'
        f'resource "aws_cloudwatch_event_target" "t" {{\n  rule = aws_cloudwatch_event_rule.r.name\n{target}}}\n'
    )


def terraform_scheduler(given: Given, arn: str = "aws_sfn_state_machine.m.arn", input: str | None = None) -> str:
    mode = "OFF" if given.window is None else "FLEXIBLE"
    inside = hcl("mode", mode) + hcl("maximum_window_in_minutes", given.window)
    fields = [
        hcl("schedule_expression", given.expression),
        hcl("schedule_expression_timezone", given.zone),
        hcl("state", state_of(given)),
        hcl("start_date", given.start),
        hcl("end_date", given.end),
        f"  flexible_time_window {{\n{inside}  }}\n",
        f"  target {{\n  arn = {arn}\n{input or hcl('input', given.input)}  }}\n",
    ]
    return f'{TERRAFORM}resource "aws_scheduler_schedule" "s" {{\n{"".join(fields)}}}\n'


def terraform_start_execution(given: Given) -> str:
    inner = "" if given.input is None else f", Input = {json.dumps(given.input)}"
    request = f"  input = jsonencode({{ StateMachineArn = aws_sfn_state_machine.m.arn{inner} }})\n"
    return terraform_scheduler(given, '"arn:aws:scheduler:::aws-sdk:sfn:startExecution"', request)


def serverless(given: Given) -> str:
    transform = None if given.template is None else {"inputTemplate": given.template}
    settings = without_none(
        rate=given.expression,
        enabled=given.enabled,
        timezone=given.zone,
        input=None if given.input is None else json.loads(given.input),
        inputPath=given.path,
        inputTransformer=transform,
    )
    machines = {"m": {"definition": DEFINITION, "events": [{"schedule": settings}]}}
    return json.dumps({"service": "s", "provider": {"name": "aws"}, "stepFunctions": {"stateMachines": machines}})


SOURCES = {
    "rule": ("template.json", rule),
    "rule in YAML": ("template.yaml", rule),
    "scheduler": ("template.json", scheduler),
    "StartExecution": ("template.json", start_execution),
    "SAM Schedule": ("template.json", sam_schedule),
    "SAM ScheduleV2": ("template.json", sam_schedule_v2),
    "Terraform rule": ("main.tf", terraform_rule),
    "Terraform scheduler": ("main.tf", terraform_scheduler),
    "Terraform StartExecution": ("main.tf", terraform_start_execution),
    "serverless": ("serverless.json", serverless),
}
WITH_PERIOD = ("scheduler", "StartExecution", "SAM ScheduleV2", "Terraform scheduler", "Terraform StartExecution")
WITH_ZONE = (*WITH_PERIOD, "serverless")
WITH_TRANSFORMER = ("rule", "rule in YAML", "Terraform rule", "serverless")


NO_PERIOD = SchedulePeriod()


@dataclass(frozen=True)
class Case:
    """What becomes of a schedule, in every format that has its fields."""

    id: str
    given: Given
    schedule: str | None = "cron(0 2 * * ? *)"
    period: SchedulePeriod = NO_PERIOD
    params: Any = field(default_factory=lambda: {"depot": "east"})
    codes: tuple[str, ...] = ()
    sources: tuple[str, ...] = tuple(SOURCES)


NO_INPUT = Given(input=None)
FIRST = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
CASES = [
    Case("as it is", Given()),
    Case("rate", Given("rate(5 minutes)"), "rate(5 minutes)"),
    Case("without input", NO_INPUT, params=None, sources=("rule", "scheduler", "SAM Schedule", "Terraform rule",
         "Terraform scheduler", "serverless")),
    Case("StartExecution without input", NO_INPUT, params={}, sources=("StartExecution", "Terraform StartExecution")),
    Case("an empty input", Given(input="{}"), params={}),
    Case("on", Given(enabled=True)),
    Case("off", Given(enabled=False), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("once", Given("at(2026-01-01T00:00:00)"), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("not in Airflow's cron", Given("cron(0 2 15W * ? *)"), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("for a year", Given("cron(0 2 * * ? 2027)"), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("zone", Given(zone="Europe/Berlin"), period=SchedulePeriod("Europe/Berlin"), sources=WITH_ZONE),
    Case("UTC", Given(zone="Etc/UTC"), sources=WITH_ZONE),
    Case("a zone that there is not", Given(zone="Europe/Berln"), codes=("SCHEDULE_TIMEZONE",), sources=WITH_ZONE),
    Case("start", Given(start="2026-03-01T05:30:00Z"), period=SchedulePeriod(start=FIRST), sources=WITH_PERIOD),
    Case("start with fractions", Given(start="2026-03-01T06:30:00.123+01:00"), period=SchedulePeriod(start=FIRST),
         sources=WITH_PERIOD),
    Case("end", Given(end="2026-03-01T05:30:00Z"), period=SchedulePeriod(end=FIRST), sources=WITH_PERIOD),
    Case("a start that is none", Given(start="soon"), codes=("SCHEDULE_PERIOD",), sources=WITH_PERIOD),
    Case("flexible", Given(window=15), codes=("FLEXIBLE_TIME_WINDOW",), sources=WITH_PERIOD),
    Case("an attribute of the scheduler", Given(input='{"at": "<aws.scheduler.scheduled-time>"}'),
         params={"at": "<aws.scheduler.scheduled-time>"}, codes=("SCHEDULE_INPUT",), sources=WITH_PERIOD),
    Case("a constant transformer", Given(input=None, template='{"depot": "east"}'), sources=WITH_TRANSFORMER),
    Case("a transformer", Given(input=None, template='{"at": <t>}'), params=None, codes=("SCHEDULE_INPUT",),
         sources=WITH_TRANSFORMER),
    Case("a path", Given(input=None, path="$.detail"), params=None, codes=("SCHEDULE_INPUT",),
         sources=WITH_TRANSFORMER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "source"),
    [pytest.param(case, source, id=f"{case.id}, {source}") for case in CASES for source in case.sources],
)
def test_a_schedule_becomes_that_of_the_dag(case: Case, source: str, tmp_path: Path) -> None:
    name, make = SOURCES[source]
    if name == "main.tf":
        pytest.importorskip("hcl2")
    (tmp_path / name).write_text(make(case.given))
    found = read_definition(str(tmp_path / name)).events
    assert (found.schedule, found.params) == (case.schedule, case.params)
    assert tuple(finding.code for finding in (*found.findings, *found.schedule_findings)) == case.codes
    assert (found.period or NO_PERIOD) == case.period


# Who is started ------------------------------------------------------------------------------------------------------

ACCOUNT = "arn:aws:states:${AWS::Region}:${AWS::AccountId}:stateMachine"


@pytest.mark.parametrize(
    ("arn", "is_started"),
    [
        ({"Ref": "M"}, True),
        ({"Fn::GetAtt": ["M", "Arn"]}, True),
        ({"Fn::GetAtt": "M.Arn"}, True),
        ({"Fn::Sub": "${M}"}, True),
        ({"Fn::Sub": "${M.Arn}"}, True),
        ({"Fn::Sub": "${N}"}, False),
        ({"Fn::Sub": ["${It}", {"It": {"Ref": "M"}}]}, True),
        ({"Fn::Sub": f"{ACCOUNT}:parcels"}, True),
        ({"Fn::Sub": f"{ACCOUNT}:others"}, False),
        ({"Fn::Join": [":", ["arn:aws:states:eu-west-1:1:stateMachine", "parcels"]]}, True),
        ("arn:aws:lambda:eu-west-1:1:function:parcels", False),
    ],
)
def test_the_target_of_a_rule_in_a_template(arn: Any, is_started: bool, tmp_path: Path) -> None:
    value = json.loads(rule(Given(), arn))
    value["Resources"]["M"]["Properties"]["StateMachineName"] = "parcels"
    (tmp_path / "template.json").write_text(json.dumps(value))
    assert (read_definition(str(tmp_path / "template.json")).schedule is not None) == is_started


@pytest.mark.parametrize(
    ("arn", "schedule", "codes"),
    [
        ("aws_sfn_state_machine.m.arn", True, ()),
        ("aws_sfn_state_machine.m.id", True, ()),
        ('"${aws_sfn_state_machine.m.arn}"', True, ()),
        ("local.target", True, ()),
        ('"arn:aws:states:${data.aws_region.current.name}:1:stateMachine:m"', True, ()),
        ("aws_sfn_state_machine.other.arn", False, ()),
        ("aws_lambda_function.m.arn", False, ()),
        ("var.queue_arn", False, ()),
        ("var.state_machine_arn", False, ("EVENT_NOT_TAKEN",)),
        ("module.sfn.arn", False, ("EVENT_NOT_TAKEN",)),
        ("aws_sfn_state_machine.m[each.key].arn", False, ("EVENT_NOT_TAKEN",)),
    ],
)
@pytest.mark.parametrize("make", [terraform_rule, terraform_scheduler])
def test_the_target_in_a_terraform_file(
    make: Any, arn: str, schedule: bool, codes: tuple[str, ...], tmp_path: Path
) -> None:
    pytest.importorskip("hcl2")
    text = make(Given(), arn) + "locals {\n  target = aws_sfn_state_machine.m.arn\n}\n"
    (tmp_path / "main.tf").write_text(text)
    found = read_definition(str(tmp_path)).events
    assert (found.schedule is not None) == schedule
    assert tuple(finding.code for finding in found.findings) == codes


def terraform_events(tmp_path: Path, more: str, name: str = "m") -> Any:
    pytest.importorskip("hcl2")
    (tmp_path / "main.tf").write_text(TERRAFORM + more)
    return read_definition(f"{tmp_path}#{name}").events


def rule_block(*lines: str) -> str:
    return 'resource "aws_cloudwatch_event_rule" "r" {\n' + "".join(f"  {line}\n" for line in lines) + "}\n"


def hourly(*lines: str) -> str:
    return rule_block('schedule_expression = "rate(1 hour)"', 'name = "hourly"', *lines)


def target(rule: str, *lines: str) -> str:
    texts = (f"rule = {rule}", "arn = aws_sfn_state_machine.m.arn", *lines)
    return 'resource "aws_cloudwatch_event_target" "t" {\n' + "".join(f"  {line}\n" for line in texts) + "}\n"


NAMED = target('"hourly"')


@pytest.mark.parametrize(
    ("text", "schedule", "codes"),
    [
        (hourly() + NAMED, "rate(1 hour)", ()),
        (hourly() + target("aws_cloudwatch_event_rule.r.id"), "rate(1 hour)", ()),
        (hourly("is_enabled = false") + NAMED, None, ("EVENT_NOT_TAKEN",)),
        (hourly("is_enabled = var.on") + NAMED, "rate(1 hour)", ("SCHEDULE_STATE",)),
        (hourly("count = var.on ? 1 : 0") + NAMED, "rate(1 hour)", ("SCHEDULE_STATE",)),
        (hourly() + target('"hourly"', "count = 0"), None, ()),
        (hourly() + target('"hourly"', "count = 2"), "rate(1 hour)", ("EVENT_NOT_TAKEN",)),
        (hourly("event_pattern = jsonencode({})") + NAMED, "rate(1 hour)", ("EVENT_NOT_TAKEN",)),
        (rule_block('event_pattern = "{}"', 'name = "hourly"') + NAMED, None, ("EVENT_NOT_TAKEN",)),
        (target('"elsewhere"'), None, ("EVENT_NOT_TAKEN",)),
        (hourly().replace('"rate(1 hour)"', "var.when") + NAMED, None, ("EVENT_NOT_TAKEN",)),
        ('resource "aws_pipes_pipe" "p" {\n  target = aws_sfn_state_machine.m.arn\n}\n', None, ("EVENT_NOT_TAKEN",)),
        (
            'module "cron" {\n  source = "elsewhere"\n  targets = [aws_sfn_state_machine.m.arn]\n}\n',
            None,
            ("EVENT_NOT_TAKEN",),
        ),
    ],
)
def test_events_of_a_terraform_folder(text: str, schedule: str | None, codes: tuple[str, ...], tmp_path: Path) -> None:
    found = terraform_events(tmp_path, text)
    assert found.schedule == schedule
    assert tuple(finding.code for finding in (*found.findings, *found.schedule_findings)) == codes


def test_a_target_in_a_dynamic_block(tmp_path: Path) -> None:
    block = "  for_each = [aws_sfn_state_machine.m.arn]\n  content {\n    arn = target.value\n  }\n"
    text = f'  schedule_expression = "rate(1 day)"\n  dynamic "target" {{\n{block}  }}\n'
    found = terraform_events(tmp_path, f'resource "aws_scheduler_schedule" "s" {{\n{text}}}\n')
    assert found.schedule == "rate(1 day)"


@pytest.mark.parametrize("text", ['{"StateMachineArn": "REFERENCE", ', '["REFERENCE"]'])
def test_a_call_of_start_execution_that_cannot_be_read_is_reported(text: str, tmp_path: Path) -> None:
    given = {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": {"Fn::Sub": text}}
    (tmp_path / "template.json").write_text(scheduler(Given(), given).replace("REFERENCE", "${M.Arn}"))
    reference = json.dumps(text).replace("REFERENCE", "${aws_sfn_state_machine.m.arn}")
    terraform = terraform_scheduler(Given(), f'"{given["Arn"]}"', f"  input = {reference}\n")
    for found in (
        read_definition(str(tmp_path / "template.json")).events,
        terraform_events(tmp_path, terraform[len(TERRAFORM) :]),
    ):
        assert found.schedule is None
        [finding] = found.findings
        assert "calls StartExecution with an" in finding.why


def test_the_schedule_of_a_machine_that_may_not_be_there(tmp_path: Path) -> None:
    pytest.importorskip("hcl2")
    machine = TERRAFORM.replace('"m" {', '"m" {\n  count = var.on ? 1 : 0', 1)
    text = terraform_rule(Given(), "aws_sfn_state_machine.m[0].arn").replace(TERRAFORM, machine)
    (tmp_path / "main.tf").write_text(text)
    found = read_definition(str(tmp_path))
    assert (found.schedule, found.findings) == ("cron(0 2 * * ? *)", ())
    assert [note.code for note in found.document.notes] == ["VARIABLE_WITHOUT_VALUE", "COUNT_NOT_KNOWN"]


def test_the_schedule_of_each_of_several_machines(tmp_path: Path) -> None:
    pytest.importorskip("hcl2")
    jobs = '{ night = "rate(1 day)", week = "rate(7 days)" }'
    machines = TERRAFORM.replace('"m" {', f'"m" {{\n  for_each = {jobs}', 1)
    schedules = (
        f'resource "aws_scheduler_schedule" "s" {{\n  for_each = {jobs}\n  schedule_expression = each.value\n'
        "  target {\n    arn = aws_sfn_state_machine.m[each.key].arn\n"
        "    input = jsonencode({ job = each.key })\n  }\n}\n"
    )
    (tmp_path / "main.tf").write_text(machines + schedules)
    for name, schedule in (("night", "rate(1 day)"), ("week", "rate(7 days)")):
        found = read_definition(f"{tmp_path}#m[{name}]").events
        assert (found.schedule, found.params, found.findings) == (schedule, {"job": name}, ())


def test_parameters_of_a_template_are_put_into_its_schedule(tmp_path: Path) -> None:
    value = json.loads(scheduler(Given()))
    value["Parameters"] = {"When": {"Type": "String", "Default": "rate(1 day)"}, "Zone": {"Type": "String"}}
    fields = value["Resources"]["S"]["Properties"]
    fields |= {"ScheduleExpression": {"Ref": "When"}, "ScheduleExpressionTimezone": {"Ref": "Zone"}}
    file = tmp_path / "template.json"
    file.write_text(json.dumps(value))
    found = read_definition(str(file))
    assert found.schedule == "rate(1 day)"
    assert [note.code for note in found.document.notes] == ["PARAMETER_DEFAULT"]
    assert [finding.code for finding in found.findings] == ["SCHEDULE_TIMEZONE"]
    found = read_definition(str(file), {"Zone": "Asia/Tokyo", "When": "cron(0 1 * * ? *)"})
    assert (found.schedule, found.period) == ("cron(0 1 * * ? *)", SchedulePeriod("Asia/Tokyo"))
    assert (found.findings, found.document.notes) == ((), ())


def test_a_condition_of_a_template_is_reported(tmp_path: Path) -> None:
    value = json.loads(rule(Given()))
    value["Resources"]["R"]["Condition"] = "IsProd"
    (tmp_path / "template.json").write_text(json.dumps(value))
    [finding] = read_definition(str(tmp_path / "template.json")).findings
    assert finding.code == "SCHEDULE_STATE"
    assert "the condition IsProd of the template" in finding.why


# What the user gives -------------------------------------------------------------------------------------------------


def translated(given: Given, tmp_path: Path, **options: Any) -> Translation:
    (tmp_path / "template.json").write_text(scheduler(given))
    return translate_file(str(tmp_path / "template.json"), **options)


def codes_of(translation: Translation) -> list[str]:
    return [finding.code for finding in translation.findings]


ODD = Given("cron(0 2 15W * ? *)", zone="Europe/Berln", window=5, input="{")


def test_a_schedule_of_the_user_replaces_that_of_the_file(tmp_path: Path) -> None:
    assert codes_of(translated(ODD, tmp_path)) == ["EVENT_NOT_TAKEN"]
    made = translated(ODD, tmp_path, schedule="0 2 15 * *", params={"a": 1})
    assert (codes_of(made), made.plan.params) == ([], {"a": 1})
    assert made.plan.schedule is not None and made.plan.schedule.period == SchedulePeriod()


def test_a_time_zone_of_the_user_replaces_that_of_the_file(tmp_path: Path) -> None:
    given = replace(ODD, expression="cron(0 9 * * ? *)")
    assert codes_of(translated(given, tmp_path)) == [
        "SCHEDULE_TIMEZONE",
        "SCHEDULE_INPUT",
        "FLEXIBLE_TIME_WINDOW",
        "SCHEDULE_WITHOUT_INPUT",
    ]
    made = translated(given, tmp_path, timezone="Europe/Berlin", params={"a": 1})
    assert codes_of(made) == ["FLEXIBLE_TIME_WINDOW"]
    assert made.plan.schedule is not None and made.plan.schedule.period.timezone == "Europe/Berlin"


def test_a_further_schedule_is_reported_with_its_options(tmp_path: Path) -> None:
    value = json.loads(scheduler(Given(zone="Asia/Tokyo")))
    value["Resources"]["T"] = json.loads(scheduler(Given("rate(1 hour)", zone="Asia/Tokyo")))["Resources"]["S"]
    (tmp_path / "template.json").write_text(json.dumps(value))
    made = translate_file(str(tmp_path / "template.json"), schedule="@daily")
    [finding] = made.findings
    options = """--dag-id NAME --schedule 'rate(1 hour)' --timezone Asia/Tokyo --input '{"depot": "east"}'"""
    assert (finding.code, finding.advice) == ("EVENT_NOT_TAKEN", f"Translate once more, with {options}.")
