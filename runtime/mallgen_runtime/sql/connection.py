"""One connection to a database, as the three adapters offer it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, Protocol

import msgspec

Values = tuple[Any, ...]


class Dialect(Enum):
    """The SQL dialect that a connection speaks; MariaDB's is MySQL's."""

    MYSQL = "mysql"
    POSTGRES = "postgres"
    SQLITE = "sqlite"


class Isolation(Enum):
    """Isolation level of a transaction; SQLite has SERIALIZABLE only."""

    READ_COMMITTED = "READ COMMITTED"
    REPEATABLE_READ = "REPEATABLE READ"
    SERIALIZABLE = "SERIALIZABLE"


class Done(msgspec.Struct, frozen=True):
    """The result of a statement that writes: rows that were matched, and the id that the database made, else 0."""

    count: int
    last_id: int = 0


class DatabaseConnection(Protocol):
    """One connection to a database. Statements have the dialect's own placeholders; values are bound.

    Errors are those of `mallgen_runtime.sql.errors`. A call that ends in a ConnectionLost leaves the connection
    `is_broken`: the pool closes it and never gives it out again. One that is cancelled leaves it broken, or `restless`
    where the server can be asked to end the statement: then a `ping` or `rollback` brings it to rest.
    """

    dialect: Dialect
    restless: bool

    @property
    def is_broken(self) -> bool:
        """Return whether the connection can no longer be used."""

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open."""

    async def fetch(self, sql: str, values: Values = ()) -> list[Values]:
        """Return the rows of a query."""

    async def fetch_named(self, sql: str, values: Values = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query."""

    async def execute(self, sql: str, values: Values = ()) -> Done:
        """Run a statement that writes."""

    async def script(self, sql: str) -> None:
        """Run several statements without values."""

    async def begin(self, isolation: Isolation | None = None) -> None:
        """Begin a transaction."""

    async def commit(self) -> None:
        """Commit the transaction."""

    async def rollback(self) -> None:
        """Undo the transaction."""

    async def ping(self) -> None:
        """Make sure that the server answers."""

    def abort(self) -> None:
        """Give up what runs on the connection: the task that waits for it gets StatementTimeout or ConnectionLost."""

    async def close(self) -> None:
        """Close the connection, without waiting for a server that does not answer."""


class Executor(Protocol):
    """The side that a model runs its statements on: the database, or one transaction."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of the statements."""

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """Return the rows of a query."""

    async def fetch_named(self, sql: str, values: Sequence[Any] = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query."""

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement that writes."""

    def transaction(self) -> AbstractAsyncContextManager["Executor"]:
        """Return a block whose statements are kept together or not at all."""
