"""Lists the adapter of each integration that boto3 cannot call: API Gateway, HTTP, Kubernetes."""

from __future__ import annotations

from typing import Final

from sfn_provider.integrations.adapters.api_gateway import ApiGatewayAdapter
from sfn_provider.integrations.adapters.base import Adapter
from sfn_provider.integrations.adapters.http_task import HttpTaskAdapter
from sfn_provider.integrations.adapters.kubernetes import KubernetesAdapter

ADAPTERS: Final[dict[str, type[Adapter]]] = {
    "api gateway": ApiGatewayAdapter,
    "http": HttpTaskAdapter,
    "kubernetes": KubernetesAdapter,
}
"""By the ``adapter`` of an Integration."""
