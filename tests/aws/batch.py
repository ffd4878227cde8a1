"""AWS Batch with jobs that all end at one time, for benchmarks."""

from __future__ import annotations

import time
from typing import Any

from tests.aws.server import Request, Response


class BatchJobs:
    """Answers DescribeJobs. Jobs are made by naming them.

    A POST of ``/start`` says in how many seconds all jobs end; one of ``/asked`` gives the number of calls since.
    """

    def __init__(self) -> None:
        self.end = 0.0
        self.asked = 0

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        if request.path == "/start":
            self.end, self.asked = time.time() + request.body, 0
        if request.path != "/v1/describejobs":
            return Response(self.asked)
        self.asked += 1
        return Response({"jobs": [self._describe(id) for id in request.body["jobs"]]})

    def _describe(self, id: str) -> dict[str, Any]:
        status = "SUCCEEDED" if time.time() >= self.end else "RUNNING"
        return {"jobId": id, "jobName": id, "jobQueue": "q", "status": status}
