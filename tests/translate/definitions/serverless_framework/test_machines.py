from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import LoadedDefinition, read_definition

FILE = """\
service: ferry
plugins: [serverless-step-functions]
provider:
  name: aws
  stage: ${opt:stage, 'dev'}
  region: eu-central-1
params:
  default: {depth: 3}
  prod: {depth: 9}
custom:
  port: Kiel
  table: ${self:service}-${self:provider.stage}
  crew: {dev: 3, prod: 12}
  list: [a, b]
  file: ${file(conf/${sls:stage}.yml)}
stepFunctions:
  stateMachines:
    sail:
      definition:
        StartAt: A
        States:
          A:
            Type: Pass
            Result: RESULT
            End: true
"""
CONF = {
    "conf/dev.yml": "ports: {first: Kiel}\nnested: ${self:custom.port}\n",
    "conf/prod.yml": "ports: {first: Oslo}\n",
}


def write(folder: Path, text: str, files: dict[str, str] | None = None, name: str = "serverless.yml") -> str:
    for path, content in {name: text, **(files or {})}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return str(folder / name)


def result_of(definition: LoadedDefinition) -> Any:
    return definition.document.value["States"]["A"]["Result"]


@dataclass(frozen=True)
class Case:
    """A value of a definition as it is written, and as it is read."""

    text: str
    value: Any
    substitutions: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("${self:service}", "ferry"),
    Case("a-${self:custom.port}-${self:custom.table}", "a-Kiel-ferry-dev"),
    Case("${self:custom.crew.${sls:stage}}", 3),
    Case("${self:custom.crew.${opt:stage}, 1}", 12, {"opt:stage": "prod"}),
    Case("${self:custom.table}", "ferry-prod", {"opt:stage": "prod"}),
    Case("${self:custom.list}", ["a", "b"]),
    Case("${self:custom.list.1}", "b"),
    Case("${self:custom.none, self:custom.port}", "Kiel"),
    Case('${self:custom.none, "x, y"}', "x, y"),
    Case("${opt:level, 5}", 5),
    Case("${opt:level, null}", None),
    Case("${opt:level}", "${opt:level}"),
    Case("${opt:level}", "7", {"opt:level": "7"}),
    Case("${env:BUCKET, 'none'}", "none"),
    Case("${env:BUCKET}", "mine", {"env:BUCKET": "mine"}),
    Case("${param:depth}", 3),
    Case("${param:depth}", 9, {"opt:stage": "prod"}),
    Case("${aws:region}", "eu-central-1"),
    Case("${aws:accountId}", "${aws:accountId}"),
    Case("${strToBool(true)}", True),
    Case("${file(conf/dev.yml):ports.first}", "Kiel"),
    Case("${self:custom.file.ports.first}", "Oslo", {"sls:stage": "prod"}),
    Case("${self:custom.file.nested}", "Kiel"),
    Case("${file(conf/gone.yml):x, 'none'}", "none"),
    Case("${file(conf/prog.js):x}", "${file(conf/prog.js):x}"),
    Case("${ssm:/ferry/secret}", "${ssm:/ferry/secret}"),
    Case("${cf:stack.Output}-${self:custom.port}", "${cf:stack.Output}-Kiel"),
    Case("${ssm:/ferry/secret}", "s", {"ssm:/ferry/secret": "s"}),
    Case("${AWS::Region}-#{AWS::AccountId}", "${AWS::Region}-${AWS::AccountId}"),
    Case("${Name}", "${Name}"),
    Case("{Fn::GetAtt: [hello, Arn]}", "${hello.Arn}"),
    Case("!Sub '${AWS::Region}/${self:custom.port}'", "${AWS::Region}/Kiel"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.text} {case.substitutions or ''}".strip())
def test_the_value_of_a_variable(case: Case, tmp_path: Path) -> None:
    text = case.text if case.text.startswith(("{", "!")) else json.dumps(case.text)
    file = write(tmp_path, FILE.replace("RESULT", text), CONF)
    value = result_of(read_definition(file, case.substitutions))
    assert (value, type(value)) == (case.value, type(case.value))


ASL = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "from a file", "End": true}}}'
SAIL = "sail: {definition: '${file(asl.json)}'}"
WHOLE = "service: s\nstepFunctions: ${file(sf.yml)}\n"
MACHINES = "stateMachines:\n  sail:\n    definition: ${file(asl.json)}\n"


@pytest.mark.parametrize(
    ("text", "files", "name"),
    [
        (WHOLE, {"sf.yml": MACHINES}, "sail"),
        ("stepFunctions:\n  stateMachines: ${file(m.yml)}\n", {"m.yml": SAIL}, "sail"),
        ("stepFunctions:\n  stateMachines:\n    - ${file(m.yml)}\n    - ${file(n.yml)}\n",
         {"m.yml": "other: {definition: {}}", "n.yml": SAIL}, "sail"),
        ("stepFunctions:\n  stateMachines:\n    sail: ${file(m.yml):sail}\n",
         {"m.yml": SAIL}, "sail"),
        ("stepFunctions:\n  stateMachines:\n    sail:\n      definition: |\n        " + ASL, {}, "sail"),
        ("service: s\nresources:\n  Resources:\n    Own:\n      Type: AWS::StepFunctions::StateMachine\n"
         "      Properties: {DefinitionString: '" + ASL + "'}\n", {}, "Own"),
    ],
)  # fmt: skip
def test_machines_and_definitions_in_other_files(text: str, files: dict[str, str], name: str, tmp_path: Path) -> None:
    found = read_definition(f"{write(tmp_path, text, {'asl.json': ASL, **files})}#{name}")
    assert (result_of(found), found.name) == ("from a file", name)


@pytest.mark.parametrize(
    "name", ["serverless.yml", "serverless.yaml", "serverless.json", "serverless-jobs.yml", "jobs.yml"]
)
def test_a_file_is_known_by_its_name_or_its_fields(name: str, tmp_path: Path) -> None:
    text = f"stepFunctions:\n  stateMachines:\n    sail:\n      definition: {ASL}\n"
    if name.endswith(".json"):
        text = json.dumps({"stepFunctions": {"stateMachines": {"sail": {"definition": json.loads(ASL)}}}})
    assert result_of(read_definition(write(tmp_path, text, name=name))) == "from a file"


PACKAGE = "run 'serverless package' and name .serverless/cloudformation-template-update-stack.json"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("export default {}", "serverless.ts", f"is a program, which is not run: {PACKAGE}"),
        ("module.exports = {}", "serverless.js", f"is a program, which is not run: {PACKAGE}"),
        ("stepFunctions: ${file(sf.js)}\n", "serverless.yml", f"on ${{file(sf.js)}}, which is not known: {PACKAGE}"),
        ("stepFunctions:\n  stateMachines: ${ssm:/x}\n", "serverless.yml", "depends on ${ssm:/x}, which is not known"),
        ("stepFunctions:\n  stateMachines:\n    a: {definition: '${file(a.js)}'}\n", "serverless.yml",
         f"its definition is ${{file(a.js)}}, which is not known: {PACKAGE}"),
        ("stepFunctions:\n  stateMachines:\n    a: {name: x}\n", "serverless.yml", "#a has no definition"),
        ("stepFunctions:\n  stateMachines:\n    a: ${ssm:/x}\n", "serverless.yml", "#a has no definition"),
        ("service: s\n", "serverless.yml", "has no state machine"),
        ("- a\n", "serverless.yml", "is an object with service and provider"),
        ("a: [", "serverless.yml", "the template is not YAML"),
        ("stepFunctions: ${file(../secret.yml)}\n", "in/serverless.yml", "nothing outside of it is read"),
        ("stepFunctions: ${file(link.yml)}\n", "in/serverless.yml", "nothing outside of it is read"),
        ("stepFunctions: ${self:custom.a}\ncustom: {a: '${self:custom.b}', b: '${self:custom.a}'}\n", "serverless.yml",
         "refer to one another without end"),
        ("stepFunctions:\n  stateMachines: {a: {definition: {}}, b: {definition: {}}}\n", "serverless.yml", "name one"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str, name: str, message: str, tmp_path: Path) -> None:
    file = write(tmp_path, text, {"secret.yml": "a: 1", "in/x": ""}, name)
    (tmp_path / "in" / "link.yml").symlink_to(tmp_path / "secret.yml")
    with pytest.raises(UsageError) as error:
        read_definition(file)
    assert message in str(error.value)


def test_variables_that_multiply_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_provider.translate.definitions.serverless_framework.variables.MAX_VALUES", 1_000)
    custom = {f"v{number}": [f"${{self:custom.v{number + 1}}}"] * 10 for number in range(12)} | {"v12": "x"}
    text = json.dumps(
        {"custom": custom, "stepFunctions": {"stateMachines": {"a": {"definition": "${self:custom.v0}"}}}}
    )
    with pytest.raises(UsageError, match="make too many values"):
        read_definition(write(tmp_path, text, name="serverless.json"))


EVENTS = """\
      events:
        - schedule: rate(1 day)
        - schedule:
            rate: ['cron(0 1 * * ? *)', 'cron(0 2 * * ? *)']
            name: nights
        - http: {path: sail, method: post}
        - eventBridge: {event: {source: [ferry]}}
      type: EXPRESS
"""
RULE = """\
resources:
  Resources:
    Rule:
      Type: AWS::Events::Rule
      Properties:
        ScheduleExpression: rate(3 days)
        Targets: [{Arn: !Ref SailStepFunctionsStateMachine, Id: a}]
"""


def test_events_of_a_machine(tmp_path: Path) -> None:
    found = read_definition(write(tmp_path, FILE.replace("RESULT", "1") + EVENTS + RULE, CONF))
    assert (found.schedule, found.execution_type) == ("rate(1 day)", "EXPRESS")
    names = [finding.why.split(" of the file")[0] for finding in found.findings]
    assert names == [
        "The event nights",
        "The event nights (2)",
        "The event http 3",
        "The event eventBridge 4",
        "The event Rule",
    ]


@pytest.mark.parametrize(
    ("provider", "stage"),
    [
        ("{stage: qa}", "qa"),
        ("{}", "dev"),
        ("{stage: '${self:provider.stage}'}", "dev"),
        ("{stage: '${sls:stage}'}", "dev"),
        ("{stage: '${ssm:/stage}'}", "dev"),
        ("aws", "dev"),
    ],
)
def test_the_stage(provider: str, stage: str, tmp_path: Path) -> None:
    text = f"provider: {provider}\nstepFunctions: {{stateMachines: {{a: {{definition: {ASL}}}}}}}\n"
    text = text.replace("from a file", "${sls:stage} ${self:provider.stage}")
    assert result_of(read_definition(write(tmp_path, text))) == f"{stage} {stage}"


def test_problems_have_the_line_of_the_file(tmp_path: Path) -> None:
    text = FILE.replace("RESULT", "1").replace("End: true", "Nxt: B")
    [problem] = [entry for entry in read_definition(write(tmp_path, text, CONF)).document.diagnostics
                 if entry.location.endswith("/Nxt")]  # fmt: skip
    assert problem.line is not None and "Nxt" in text.splitlines()[problem.line - 1]


def test_a_substitution_without_a_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="substitutions not used: opt:stge"):
        read_definition(write(tmp_path, FILE.replace("RESULT", "1"), CONF), {"opt:stge": "prod"})
