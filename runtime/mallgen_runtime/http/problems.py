"""Errors as RFC 9457 problem details."""

from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from mallgen_runtime.process.errors import Code
from mallgen_runtime.schema.errors import FieldError

# Logic sets these codes on purpose, so clients may read their text; gRPC's libraries put addresses into the others'.
FOR_CLIENTS = frozenset(
    {
        Code.INVALID_ARGUMENT,
        Code.NOT_FOUND,
        Code.ALREADY_EXISTS,
        Code.PERMISSION_DENIED,
        Code.FAILED_PRECONDITION,
        Code.ABORTED,
        Code.OUT_OF_RANGE,
        Code.UNAUTHENTICATED,
    }
)
WORDS = {
    Code.CANCELED: "the call was cancelled",
    Code.DEADLINE_EXCEEDED: "a service that is needed took too long",
    Code.RESOURCE_EXHAUSTED: "a service that is needed takes no more at present",
    Code.UNIMPLEMENTED: "a service that is needed does not know the call",
    Code.UNAVAILABLE: "a service that is needed cannot be reached",
}


class ApiError(Exception):
    """An error answer instead of the contract's response. Logic raises it.

    `status` is the HTTP status, `code` a stable word for machines, `detail` a sentence for people; `headers` go along.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers or {}


class Unrecovered(Exception):
    """An exception that becomes no answer: `Middlewares.Recover` is off, so the connection closes."""


class ClientGone(Exception):
    """The client closed the connection before its request was read."""


def too_large(limit: int) -> ApiError:
    """Return the 413 for a body beyond its limit."""
    return ApiError(413, "body_too_large", f"the body has more than {limit} bytes")


def invalid(errors: Sequence[FieldError]) -> ApiError:
    """Return the 400 for a request with wrong fields."""
    return ApiError(400, "invalid_request", "the request has wrong fields", errors=errors)


def body(error: ApiError, request_id: str, contract: str) -> bytes:
    """Return the problem details of an error as JSON; `contract` is empty outside dev mode."""
    title = HTTPStatus(error.status).phrase if error.status in HTTPStatus._value2member_map_ else "Error"
    found: dict[str, object] = {"type": "about:blank", "title": title, "status": error.status, "code": error.code}
    if error.detail:
        found["detail"] = error.detail
    if error.errors:
        found["errors"] = [wrong._asdict() for wrong in error.errors]
    found["request_id"] = request_id
    if contract:
        found["contract"] = contract
    return msgspec.json.encode(found)
