"""The errors of a database. Their messages have no values of a statement and no password."""


class DatabaseError(Exception):
    """A statement that failed, or a database that cannot be used. `code` is the SQLSTATE or the server's number."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class DuplicateKey(DatabaseError):
    """A row with the same value of a primary key or a unique index is there already."""


class ForeignKeyViolated(DatabaseError):
    """A row that is referred to is missing, or one is deleted that others refer to."""


class ValueRefused(DatabaseError):
    """A value that the column does not take: too long, out of its range, null, or against a check."""


class Deadlock(DatabaseError):
    """Transactions that stood in each other's way, or a lock that was not free in time; the transaction is undone."""


class ConnectionLost(DatabaseError):
    """The connection ended while it was used; a statement that writes may have been carried out."""


class DatabaseUnreachable(DatabaseError):
    """The server could not be connected to."""


class PoolTimeout(DatabaseError):
    """No connection of the pool became free in time."""


class StatementTimeout(DatabaseError):
    """A statement did not end in time and was given up; one that writes may have been carried out."""
