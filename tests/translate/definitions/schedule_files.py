"""The same schedule of a state machine in files of every format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

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
