"""Status codes, errors, and what a call inherits from the request it is made for."""

import contextvars
import os
import time
from enum import IntEnum
from typing import NamedTuple


class Code(IntEnum):
    """gRPC's status codes (https://grpc.io/docs/guides/status-codes/)."""

    OK = 0
    CANCELED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


HTTP_STATUS = {
    Code.OK: 200,
    Code.CANCELED: 408,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}
# gRPC's libraries make these themselves only out of an HTTP status; the others carry addresses and what a peer broke.
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


class RpcError(Exception):
    """A call that failed, or what a logic raises to fail one. `detail` is shown to the caller."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code.name}: {detail}" if detail else code.name)
        self.code = code
        self.detail = detail

    @property
    def http_status(self) -> int:
        """The HTTP status that go-zero answers for this code."""
        return HTTP_STATUS.get(self.code, 500)


class Origin(NamedTuple):
    """The request that calls are made for: its ids, and the monotonic time by which it must be answered, or None.

    `trace_flags` are the two hexadecimal digits at the end of a W3C traceparent.
    """

    request_id: str
    trace_id: str
    deadline: float | None
    trace_flags: str = "00"

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What a callee is told about the request: go-zero's keys, and our request id."""
        if not self.trace_id:
            return ()
        parent = f"00-{self.trace_id}-{os.urandom(8).hex()}-{self.trace_flags}"
        return (("traceparent", parent), ("x-request-id", self.request_id))


NOBODY = Origin("", "", None)
origin: contextvars.ContextVar[Origin] = contextvars.ContextVar("mallgen_origin", default=NOBODY)
MARGIN = 0.01


def remaining(own: float | None) -> float | None:
    """The seconds that a call may take: its own limit, or what is left of the request's less a margin."""
    deadline = origin.get().deadline
    if deadline is None:
        return own
    left = max(0.0, deadline - time.monotonic() - MARGIN)
    return left if own is None else min(own, left)
