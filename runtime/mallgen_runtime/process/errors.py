"""The errors that every part of the runtime knows: settings that cannot be used, and calls that failed."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import ClassVar


class ConfigError(Exception):
    """A configuration that cannot be used: a line for each problem, with `file:line` where it is known.

    `warnings` are the warnings about the same file.
    """

    def __init__(self, *problems: str, warnings: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.warnings = warnings


def call_all(calls: Iterable[Callable[[], object]]) -> None:
    """Call each; then raise one ConfigError with the problems of all that raised one."""
    problems: list[str] = []
    for call in calls:
        try:
            call()
        except ConfigError as problem:
            problems += problem.problems
    if problems:
        raise ConfigError(*problems)


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
    """A call that failed; logic raises it to fail one. `detail` is sent to the caller."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code.name}: {detail}" if detail else code.name)
        self.code = code
        self.detail = detail

    @property
    def http_status(self) -> int:
        """The HTTP status that go-zero answers for this code."""
        return HTTP_STATUS.get(self.code, 500)


class ResourceError(Exception):
    """A resource of the service, like its database, that failed; a request that does not catch it ends with `status`.

    The message of one that the caller is to blame for is sent to the caller; that of any other only goes to the log.
    """

    status: ClassVar[Code] = Code.INTERNAL

    @property
    def is_callers(self) -> bool:
        """Return whether the caller is to blame, who then reads the message."""
        return HTTP_STATUS.get(self.status, 500) < 500
