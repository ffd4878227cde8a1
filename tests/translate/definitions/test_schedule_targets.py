"""Which state machine a rule starts: the targets of templates and of Terraform's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.translate.definitions import read_definition
from tests.translate.definitions.schedule_files import (
    TERRAFORM,
    Given,
    rule,
    scheduler,
    terraform_rule,
    terraform_scheduler,
)

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
