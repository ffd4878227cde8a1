"""Gives a new account its baseline: a password policy, and encrypted volumes in each region. Somebody
watches by WebSocket.

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import boto3
import requests
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.sdk import DAG, task
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

SET_UP_REGION = "arn:aws:lambda:eu-central-1:123456789012:function:set-up-region"
API = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod"


def invoke_function(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer


def client_in_role(service, role_arn):
    hook = AwsBaseHook(client_type="sts")
    credentials = hook.conn.assume_role(RoleArn=role_arn, RoleSessionName="airflow")["Credentials"]
    return boto3.client(
        service,
        region_name=hook.region_name,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def sign(request):
    signed = AWSRequest(request.method, request.url, data=request.body)
    region = urlsplit(request.url).hostname.split(".")[2]
    SigV4Auth(AwsBaseHook().get_credentials(), "execute-api", region).add_auth(signed)
    request.headers.update(signed.headers)
    return request


with DAG(
    dag_id="account_baseline",
    description=(
        "Gives a new account its baseline: a password policy, and encrypted volumes in each region. Somebody "
        "watches by WebSocket."
    ),
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):

    @task(task_id="Password_policy")
    def password_policy(params):
        iam = client_in_role("iam", f"arn:aws:iam::{params['account']}:role/baseline")
        iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True)

    @task(task_id="Regions")
    def regions():
        ec2 = AwsBaseHook(client_type="ec2").conn
        return ec2.describe_regions(
            Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}],
        )["Regions"]

    regions_task = regions()

    @task(task_id="Each_region_items")
    def each_region_items(result):
        return [entry["RegionName"] for entry in result]

    each_region_items_task = each_region_items(regions_task)

    @task(task_id="Each_region")
    def each_region(item, params):
        ec2_in_role = client_in_role("ec2", f"arn:aws:iam::{params['account']}:role/baseline")
        ec2_in_role.enable_ebs_encryption_by_default()
        invoke_function(SET_UP_REGION, {"account": params["account"], "region": item})

    each_region_task = each_region.expand(item=each_region_items_task)

    @task(task_id="Report", trigger_rule="none_failed_min_one_success")
    def report(params, ti):
        response = requests.post(
            url=API + f"/@connections/{params['connection']}",
            json={
                "account": params["account"],
                "regions": len([entry["RegionName"] for entry in ti.xcom_pull(task_ids="Regions")]),
            },
            auth=sign,
            timeout=60,
        )
        response.raise_for_status()

    report_task = report()

    password_policy() >> regions_task >> each_region_items_task >> [each_region_task, report_task]
    each_region_task >> report_task
