"""Makes AWS clients from an Airflow connection, with or without a role that a state assumes.

boto3 and the amazon provider are imported when the first client is made.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.botocore_models.models import BotocoreModels
from sfn_provider.telemetry.metrics import HANDLER_ID, count_response

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from boto3.session import Session
    from botocore.credentials import ReadOnlyCredentials

ORIGINAL_HEADERS: Final = "WireHeaders"
"""The key in ``ResponseMetadata`` of the headers with their names as the service wrote them."""

# A call that the service answers only when its work is done must not be sent twice because the answer is late.
_LONG_CALL: Final[dict[str, Any]] = {"tcp_keepalive": True, "retries": {"total_max_attempts": 1}}
_CONFIG_BY_SERVICE: Final[dict[str, dict[str, Any]]] = {
    "lambda": _LONG_CALL | {"read_timeout": 930},  # a function runs for up to 15 minutes
    "bedrock-agentcore": _LONG_CALL | {"read_timeout": 930},  # so does a harness
    "bedrock-runtime": _LONG_CALL | {"read_timeout": 930},
    "stepfunctions": {"tcp_keepalive": True, "read_timeout": 330},  # StartSyncExecution answers after up to 5
}


class Clients(BotocoreModels):
    """Makes clients and caches them, as it does their models.

    Args:
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region; the connection's for None.
        session_name: the name of assumed roles' sessions.
        external_id: what assumed roles may require as ``sts:ExternalId``: the state machine's ARN, as in AWS. Source:
            https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
        config: arguments of ``botocore.config.Config`` that override all others.
    """

    def __init__(
        self,
        aws_conn_id: str | None,
        region_name: str | None = None,
        session_name: str = "",
        external_id: str = "",
        config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._aws_conn_id = aws_conn_id
        self._region_name = region_name
        self._session_name = re.sub(r"[^\w+=,.@-]", "-", session_name, flags=re.ASCII)[-64:] or "sfn-provider"
        self._external_id = external_id
        self._config = config or {}
        self._clients: dict[tuple[str, str | None, str | None], Any] = {}

    def get(self, service: str, region: str | None = None, role_arn: str | None = None) -> Any:
        """Return the client of a service, made on first use.

        Args:
            service: boto3's name of the service.
            region: the region; the caller's for None.
            role_arn: the role to assume; None to call as the connection does.

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: the connection gives no client.
        """
        key = (service, region, role_arn)
        if key not in self._clients:
            self._clients[key] = self._make(service, region, role_arn)
        return self._clients[key]

    def forget(self) -> None:
        """Drop every client: the next ones read the connection's credentials again."""
        self._clients.clear()

    def endpoint(self, service: str) -> str | None:
        """Return the endpoint URL that the connection has for a service; None for the default."""
        url: str | None = self._hook(service, None).conn_config.get_service_endpoint_url(service_name=service)
        return url

    def credentials(self, region: str | None = None, role_arn: str | None = None) -> ReadOnlyCredentials:
        """Return the credentials of the connection, or of a role, as they are now.

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: there are none.
        """
        from botocore.exceptions import NoCredentialsError

        key = ("credentials", region, role_arn)
        if key not in self._clients:
            hook = self._hook("sts", region)
            session = (
                hook.get_session(region_name=hook.region_name) if role_arn is None else self._assume(hook, role_arn)
            )
            self._clients[key] = session.get_credentials()
        credentials = self._clients[key]
        if credentials is None:
            raise NoCredentialsError
        frozen: ReadOnlyCredentials = credentials.get_frozen_credentials()
        return frozen

    def cluster_token(self, cluster: str, region: str | None = None, role_arn: str | None = None) -> str:
        """Sign a token for the Kubernetes API of a cluster of EKS; good for a minute.

        Source: https://github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster".

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: there are no credentials.
        """
        key = (f"token of {cluster}", region, role_arn)
        if key not in self._clients:
            client = self._make("sts", region, role_arn)
            client.meta.events.register(
                "before-sign.sts.GetCallerIdentity",
                lambda request, **_: request.headers.__setitem__("x-k8s-aws-id", cluster),
            )
            self._clients[key] = client
        url = self._clients[key].generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
        return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")

    def _hook(self, service: str, region: str | None) -> AwsBaseHook:
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

        return AwsBaseHook(aws_conn_id=self._aws_conn_id, client_type=service, region_name=region or self._region_name)

    def _make(self, service: str, region: str | None, role_arn: str | None) -> Any:
        from botocore.config import Config

        hook = self._hook(service, region)
        # The service says what is wrong with a value, as it does for Step Functions.
        config = hook.config.merge(
            Config(parameter_validation=False, **(_CONFIG_BY_SERVICE.get(service, {}) | self._config))
        )
        if role_arn is None:
            client = hook.get_client_type(region_name=hook.region_name, config=config)
        else:
            endpoint = hook.conn_config.get_service_endpoint_url(service_name=service)
            session = self._assume(hook, role_arn)
            client = session.client(service, endpoint_url=endpoint, config=config, verify=hook.verify)
        keep_headers(client)
        client.meta.events.register("after-call", count_response, unique_id=HANDLER_ID)
        return client

    def _assume(self, hook: AwsBaseHook, role_arn: str) -> Session:
        import botocore.session
        from boto3.session import Session
        from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher

        base = hook.get_session(region_name=hook.region_name)
        endpoint = hook.conn_config.get_service_endpoint_url(service_name="sts")
        sts = base.client("sts", endpoint_url=endpoint, config=hook.config, verify=hook.verify)
        request = {"RoleArn": role_arn, "RoleSessionName": self._session_name}
        if self._external_id:
            request["ExternalId"] = self._external_id
        botocore_session = botocore.session.get_session()
        # botocore has no public way to give a session credentials that refresh themselves.
        botocore_session._credentials = DeferredRefreshableCredentials(
            refresh_using=create_assume_role_refresher(sts, request), method="sts-assume-role"
        )
        return Session(botocore_session=botocore_session, region_name=base.region_name)


def keep_headers(client: Any) -> None:
    """Have a boto3 client put the headers of each response, with their names as written, under ORIGINAL_HEADERS."""
    client.meta.events.register("response-received", _keep_headers)


def _keep_headers(parsed_response: Any, response_dict: Any, **_: Any) -> None:
    if parsed_response is not None and response_dict is not None:
        parsed_response["ResponseMetadata"][ORIGINAL_HEADERS] = dict(response_dict["headers"].items())
