"""Status codes, errors, and what a call inherits from the request it is made for."""

import contextvars
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
    """The request that calls are made for: its ids, and the monotonic time by which it must be answered, or None."""

    request_id: str
    trace_id: str
    deadline: float | None


NOBODY = Origin("", "", None)
origin: contextvars.ContextVar[Origin] = contextvars.ContextVar("mallgen_origin", default=NOBODY)


def remaining(own: float | None, margin: float = 0.01) -> float | None:
    """The seconds that a call may take: its own limit, or what is left of the request's less a margin."""
    deadline = origin.get().deadline
    left = None if deadline is None else max(0.0, deadline - time.monotonic() - margin)
    limits = [limit for limit in (own, left) if limit is not None]
    return min(limits) if limits else None
