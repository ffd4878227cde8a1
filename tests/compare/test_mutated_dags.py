"""Small mistakes in DAGs that agree: each is found, by the kind of finding that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from sfn_provider.compare import compare_dag

DAGS = Path(__file__).parents[1] / "fixtures" / "compared_dags"


@dataclass(frozen=True)
class Mutation:
    name: str
    old: str
    new: str
    case: str
    kind: str
    text: str
    """What the finding's sentence contains."""
    file: str = "by_boto3.py"


MUTATIONS = (
    Mutation("swapped parameters", '{"bucket": dag_run.conf["bucket"], "key": dag_run.conf["key"]}',
             '{"bucket": dag_run.conf["key"], "key": dag_run.conf["bucket"]}', "FileIsBroken", "different parameter",
             'Payload.bucket is "sales" in the machine, "in/sales.csv" in the DAG (and 1 more: Payload.key)'),
    Mutation("another function", '"ValidateS3File"', '"ValidateFile"', "FileIsBroken", "different parameter",
             'FunctionName is "ValidateS3File" in the machine, "ValidateFile" in the DAG'),
    Mutation("an old version of the function", '"ValidateS3File"', '"ValidateS3File:7"', "FileIsBroken",
             "different parameter", 'Qualifier is missing in the machine, "7" in the DAG'),
    Mutation("nobody waits for the function", "FunctionName=function", 'FunctionName=function, InvocationType="Event"',
             "FileIsBroken", "different parameter", "InvocationType"),
    Mutation("a misspelt argument", '"--run_date"', '"--run-date"', "GlueRefuses", "different parameter",
             'Arguments.--run_date is "2025-03-15" in the machine, missing in the DAG'),
    Mutation("another job", 'JobName="sales-bronze-to-silver", Arguments', 'JobName="sales", Arguments', "GlueRefuses",
             "different parameter", 'JobName is "sales-bronze-to-silver" in the machine, "sales" in the DAG'),
    Mutation("a retry less", "retries=2", "retries=1", "GlueRefuses", "number of calls",
             "Task start_transform calls glue StartJobRun twice, state RunGlueTransform 3 times"),
    Mutation("a retry more", "retries=2", "retries=3", "GlueRefuses", "number of calls",
             "Task start_transform calls glue StartJobRun 4 times, state RunGlueTransform 3 times"),
    Mutation("no retries", "@task(retries=2, retry_delay=timedelta(seconds=60))", "@task", "GlueRecovers",
             "different outcome", "task start_transform failed: ClientError"),
    Mutation("the job is started twice", "        return client(\"glue\").start_job_run(",
             "        client(\"glue\").start_job_run(JobName=\"sales-bronze-to-silver\", Arguments=arguments)\n"
             "        return client(\"glue\").start_job_run(", "JobFails", "number of calls",
             "Task start_transform calls glue StartJobRun twice, state RunGlueTransform once"),
    Mutation("a failed job is passed on",
             'if run["JobRunState"] == "SUCCEEDED":', 'if run["JobRunState"] != "RUNNING":',
             "JobFails", "unexpected call", "Task check_quality calls lambda Invoke"),
    Mutation("the job's end is not awaited", "check_quality(wait_for_transform(transform))", "check_quality(transform)",
             "QualityFails", "different parameter", "Task check_quality calls lambda Invoke"),
    Mutation("a lower bound", "> 0.95", "> 0.9", "QualityFails", "unexpected call", "Task aggregate calls athena"),
    Mutation("a bound that counts itself", "> 0.95", ">= 0.95", "QualityFails", "missing call",
             "State NotifyQualityFailure calls sns Publish"),
    Mutation("a higher bound", "> 0.95", "> 0.96", "QualityPasses", "missing call",
             "State RunGoldAggregation calls athena StartQueryExecution"),
    Mutation("swapped branches", '"aggregate" if score > 0.95 else "notify_quality_failure"',
             '"notify_quality_failure" if score > 0.95 else "aggregate"', "QualityFails", "unexpected call",
             "Task aggregate calls athena"),
    Mutation("a renamed successor", 'return "notify_failure" if', 'return "notify_failures" if', "FileIsMissing",
             "different outcome", "The execution ends as SUCCEEDED, the DAG run as failed: task is_there failed"),
    Mutation("another error is handled", '!= "FileNotFoundError"', '!= "FileExistsError"', "FileIsMissing",
             "missing call", "State NotifyFailure calls sns Publish"),
    Mutation("every error is handled", 'if failed and result["errorType"] != "FileNotFoundError":', "if False:",
             "FileIsBroken", "different outcome",
             "The execution ends as FAILED by UnicodeError in state ValidateInputFile"),
    Mutation("another topic", ":pipeline-alerts", ":alerts", "FileIsMissing", "different parameter",
             'TopicArn is "arn:aws:sns:us-east-1:123456789012:pipeline-alerts" in the machine'),
    Mutation("another message", 'f"Pipeline failed: {', 'f"Failed: {', "FileIsMissing", "different parameter",
             'Message is "Pipeline failed: FileNotFoundError" in the machine, "Failed: FileNotFoundError" in the DAG'),
    Mutation("a rounded score", "Score: {score}", "Score: {score:.1f}", "QualityFails", "different parameter",
             'Message is "Quality check failed. Score: 0.95" in the machine'),
    Mutation("a subject", "Message=message)", 'Message=message, Subject="sales")', "FileIsMissing",
             "different parameter", 'Subject is missing in the machine, "sales" in the DAG'),
    Mutation("a message twice", "        publish(f\"Pipeline failed",
             "        publish(\"!\")\n        publish(f\"Pipeline failed",
             "FileIsMissing", "number of calls", "Task notify_failure calls sns Publish twice"),
    Mutation("a message less", 'publish("Daily sales pipeline completed successfully")', "pass", "QualityPasses",
             "missing call", "State NotifySuccess calls sns Publish"),
    Mutation("another query", "INSERT INTO", "INSERT OVERWRITE", "QualityPasses", "different parameter", "QueryString"),
    Mutation("another workgroup", '"pipeline-workgroup"', '"primary"', "QualityPasses", "different parameter",
             'WorkGroup is "pipeline-workgroup" in the machine, "primary" in the DAG'),
    Mutation("a dropped edge", "    aggregated >> notify_success()\n", "    score >> notify_success()\n",
             "QualityPasses", "wrong order", "Task notify_success does not wait for task aggregate"),
    Mutation("a reversed edge", "    aggregated >> notify_success()\n", "    score >> notify_success() >> aggregated\n",
             "QualityPasses", "wrong order", "Task notify_success comes before task aggregate"),
    Mutation("everything is told as a success", "    @task\n    def notify_success",
             '    @task(trigger_rule="all_done")\n    def notify_success', "QualityFails", "unexpected call",
             "Task notify_success calls sns Publish"),
    Mutation("the operator tries more often", "retries=2", "retries=4", "GlueRefuses", "number of calls",
             "Task RunGlueTransform calls glue StartJobRun 5 times", "by_operators.py"),
    Mutation("another database for the operator", 'database="default"', 'database="gold"', "QualityPasses",
             "different parameter", 'QueryExecutionContext.Database is missing in the machine, "gold" in the DAG',
             "by_operators.py"),
)  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_is_found(mutation: Mutation, tmp_path: Path) -> None:
    source = (DAGS / mutation.file).read_text(encoding="utf-8")
    assert mutation.old in source
    mutated = tmp_path / "mutated.py"
    mutated.write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")
    definition = (DAGS / "sales_pipeline.asl.json").read_text(encoding="utf-8")
    found = compare_dag(definition, mutated, cases=f"{DAGS / 'sales_pipeline.mocks.json'}#{mutation.case}")
    assert not found.agrees
    texts = [finding.text for finding in found.findings if finding.kind == mutation.kind]
    assert any(mutation.text in text for text in texts), [(finding.kind, finding.text) for finding in found.findings]
