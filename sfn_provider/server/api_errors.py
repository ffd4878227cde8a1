"""Defines the error that an operation answers with, and makes those that several share."""

from __future__ import annotations

from typing import NoReturn

from sfn_provider.exceptions import RequestRefused

VALIDATION = "ValidationException"


class ApiError(RequestRefused):
    """A request that is answered with an error of AWS.

    Args:
        code: the error's name, for example ``ExecutionDoesNotExist``.
        message: AWS's message.
        status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.status = status


def refuse(code: str, message: str) -> NoReturn:
    """Refuse a request.

    Raises:
        ApiError: always.
    """
    raise ApiError(code, message)


def not_found(kind: str, arn: str) -> ApiError:
    """Make the error for a resource that does not exist, as AWS words it (recorded).

    Args:
        kind: ``State Machine``, ``Execution`` or ``Activity``.
        arn: its ARN.
    """
    return ApiError(f"{kind.replace(' ', '')}DoesNotExist", f"{kind} Does Not Exist: '{arn}'")


def resource_not_found(arn: str) -> ApiError:
    """Make the error for a resource of any kind that does not exist (recorded)."""
    return ApiError("ResourceNotFound", f"Resource not found: '{arn}'")


def invalid_arn(problem: str) -> ApiError:
    """Make the error for an ARN that the operation does not take.

    Args:
        problem: what is wrong, for example ``Invalid ARN prefix: x`` (recorded).
    """
    return ApiError("InvalidArn", f"Invalid Arn: '{problem}'")


def type_not_supported() -> ApiError:
    """Make the error for an operation that the machine's type does not have (recorded)."""
    message = "This operation is not supported by this type of state machine"
    return ApiError("StateMachineTypeNotSupported", message)


def invalid_token() -> ApiError:
    """Make the error for a task token or the token of a page that the service has not made (recorded)."""
    return ApiError("InvalidToken", "Invalid Token: 'Invalid token'")
