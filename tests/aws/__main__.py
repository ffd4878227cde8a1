"""Serves a service in a process of its own, so that its work is not the clients': ``python -m tests.aws NAME``.

Prints the port. For benchmarks: executions, or jobs of AWS Batch, that all end at one time. ``/start`` begins anew,
``/asked`` gives the number of calls since.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from tests.aws.batch import BatchJobs
from tests.aws.server import Answer, Request, Response, Server, Service, request_handler
from tests.aws.step_functions import SimulatedStepFunctions


def executions() -> Service:
    """Answers for executions; ``/start`` takes ``{"count": number, "seconds": each runs}`` and gives their ARNs."""
    service = SimulatedStepFunctions()

    def start(body: Any) -> list[str]:
        service.executions.clear()
        service.calls.clear()
        end = time.time() + body["seconds"]
        return [service.plan(f"run-{number}", end, start=1.0) for number in range(body["count"])]

    def answer(request: Request) -> Answer:
        if request.path == "/start":
            return Response(start(request.body))
        return Response(service.calls.total()) if request.path == "/asked" else service(request)

    return answer


SERVICES = {"batch_jobs": BatchJobs, "executions": executions}

if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), request_handler(SERVICES[sys.argv[1]]()))
    print(server.server_address[1], flush=True)
    server.serve_forever()
