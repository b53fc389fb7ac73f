"""The errors of a database. Their messages have no values of a statement and no password."""

from typing import ClassVar

from mallgen_runtime.process.errors import Code, ResourceError


class DatabaseError(ResourceError):
    """A statement that failed, or a database that cannot be used. `code` is the SQLSTATE or the server's number."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class DuplicateKey(DatabaseError):
    """A row with the same value of a primary key or a unique index is there already."""

    status: ClassVar[Code] = Code.ALREADY_EXISTS


class ForeignKeyViolated(DatabaseError):
    """A row that is referred to is missing, or one is deleted that others refer to."""

    status: ClassVar[Code] = Code.FAILED_PRECONDITION


class ValueRefused(DatabaseError):
    """A value that the column does not take: too long, out of its range, null, or against a check."""

    status: ClassVar[Code] = Code.INVALID_ARGUMENT


class Deadlock(DatabaseError):
    """Transactions that stood in each other's way, or a lock that was not free in time; the transaction is undone."""

    status: ClassVar[Code] = Code.ABORTED


class ConnectionLost(DatabaseError):
    """The connection ended while it was used; a statement that writes may have been carried out."""

    status: ClassVar[Code] = Code.UNAVAILABLE


class DatabaseUnreachable(DatabaseError):
    """The server could not be connected to."""

    status: ClassVar[Code] = Code.UNAVAILABLE


class PoolTimeout(DatabaseError):
    """No connection of the pool became free in time."""

    status: ClassVar[Code] = Code.UNAVAILABLE


class StatementTimeout(DatabaseError):
    """A statement did not end in time and was given up; one that writes may have been carried out."""

    status: ClassVar[Code] = Code.DEADLINE_EXCEEDED
