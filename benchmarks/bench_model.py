"""Compare generated models with the bare driver, and on MariaDB with SQLAlchemy 2, in turns within one run.

Every kind reads the same rows of the same table: one by its primary key, and 20 of a list by an index. `at once` tasks
work at the same time, each of a bare driver on a connection of its own. Models go through their pool, make typed rows
and keep a deadline, as they do in a service. `driver` is the driver as it is by default, on SQLite with converters for
the types of the columns; `prepared` is asyncmy with its cache of prepared statements, `untyped` aiosqlite without
converters.
"""

import argparse
import asyncio
import importlib
import sqlite3
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mallgen_runtime.process.origin import Origin, origin  # noqa: E402
from mallgen_runtime.sql import (  # noqa: E402
    Database,
    DataSourceConf,
    DatetimeColumn,
    DecimalColumn,
    Dialect,
    IntColumn,
    Keyset,
    Model,
    Row,
    Table,
    TextColumn,
)
from tests import servers  # noqa: E402

ROWS, USERS, PAGE = 2000, 20, 20
CENT = Decimal("0.01")
START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "id, userid, payment, status, title, create_time, update_time"
DDL = {
    Dialect.SQLITE: "CREATE TABLE orders (id INTEGER PRIMARY KEY, userid INTEGER NOT NULL, payment NUMERIC NOT NULL, "
    "status INTEGER NOT NULL, title TEXT NOT NULL, create_time DATETIME NOT NULL, update_time DATETIME)",
    Dialect.MYSQL: "CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, userid bigint NOT NULL, payment "
    "decimal(20,2) NOT NULL, status smallint NOT NULL, title varchar(80) NOT NULL, create_time datetime NOT NULL, "
    "update_time datetime)",
    Dialect.POSTGRES: "CREATE TABLE orders (id bigserial PRIMARY KEY, userid bigint NOT NULL, payment numeric(20,2) "
    "NOT NULL, status smallint NOT NULL, title varchar(80) NOT NULL, create_time timestamptz NOT NULL, update_time "
    "timestamptz)",
}
INDEX = "CREATE INDEX orders_user ON orders (userid, create_time, id)"
MARKS = {Dialect.SQLITE: "?", Dialect.MYSQL: "%s", Dialect.POSTGRES: "$1"}
Read = Callable[[int], Awaitable[object]]
Reads = Callable[[int], tuple[Read, Read]]  # by the number of the task: a point read, and a page
TABLE = Table(
    "orders",
    (
        IntColumn("id", 64, auto=True),
        IntColumn("userid", 64),
        DecimalColumn("payment", 20, 2),
        IntColumn("status", 16),
        TextColumn("title", 80),
        DatetimeColumn("create_time"),
        DatetimeColumn("update_time", null=True),
    ),
    ("id",),
)
BY_USER = Keyset(("userid",), ("create_time", "id"))


class OrdersRow(Row, frozen=True):
    """A row of orders."""

    id: int
    userid: int
    payment: Decimal
    status: int
    title: str
    create_time: datetime
    update_time: datetime | None


class OrdersModel(Model[OrdersRow]):
    """The methods of a generated model of orders."""

    table, row = TABLE, OrdersRow

    async def find_one(self, id: int) -> OrdersRow | None:  # noqa: A002 - the column's name
        """Return the row of a primary key."""
        return await self._find(TABLE.key, (id,))

    async def list_by_user(self, userid: int) -> Any:
        """Return the first page of a user's orders."""
        return await self._page(BY_USER, (userid,), None, PAGE, True)

    async def insert_many(self, rows: list[dict[str, Any]]) -> int:
        """Insert rows."""
        return await self._insert_many(rows)


def values(number: int) -> dict[str, Any]:
    """Return the values of a row."""
    at = START + timedelta(minutes=number)
    money = Decimal(number * 7 % 100_000) / 100
    return {
        "userid": number % USERS,
        "payment": money,
        "status": 10,
        "title": f"order number {number} of a customer",
        "create_time": at,
        "update_time": at if number % 2 else None,
    }


def queries(dialect: Dialect) -> tuple[str, str]:
    """Return the point read and the list of 20 that every kind runs."""
    mark = MARKS[dialect]
    page = f"SELECT {COLUMNS} FROM orders WHERE userid = {mark} ORDER BY create_time DESC, id DESC LIMIT {PAGE + 1}"
    return f"SELECT {COLUMNS} FROM orders WHERE id = {mark}", page


@asynccontextmanager
async def bare(url: str, dialect: Dialect, at_once: int, other: bool = False) -> AsyncIterator[Reads]:
    """Yield the reads of the driver itself, on a connection for each task; `other`: with prepared statements on
    MariaDB, and on SQLite with texts and floats where the others read datetimes and decimals.
    """
    point, page = queries(dialect)
    async with AsyncExitStack() as after:
        found = [await connection(url, dialect, after, other) for _ in range(at_once)]

        def reads(task: int) -> tuple[Read, Read]:
            own = found[task]
            return lambda number: own(point, number), lambda number: own(page, number)

        yield reads


async def connection(url: str, dialect: Dialect, after: AsyncExitStack, other: bool) -> Any:
    """Return a function that runs a query with one value on a connection of its own."""
    parts = urlsplit(url)
    if dialect is Dialect.SQLITE:
        import aiosqlite

        sqlite3.register_converter("NUMERIC", lambda text: Decimal(text.decode()).quantize(CENT))
        sqlite3.register_converter("DATETIME", lambda text: datetime.fromisoformat(f"{text.decode()}+00:00"))
        types = 0 if other else sqlite3.PARSE_DECLTYPES
        own = await after.enter_async_context(aiosqlite.connect(url.removeprefix("sqlite:///"), detect_types=types))
        return lambda sql, value: own.execute_fetchall(sql, (value,))
    if dialect is Dialect.POSTGRES:
        asyncpg: Any = importlib.import_module("asyncpg")
        peer = await asyncpg.connect(url)
        after.push_async_callback(peer.close)
        return peer.fetch
    import asyncmy

    mine = await asyncmy.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=unquote(parts.password or ""),
        db=parts.path[1:],
        stmt_cache_size=100 if other else 0,
    )
    after.push_async_callback(mine.ensure_closed)

    async def read(sql: str, value: int) -> object:
        async with mine.cursor() as cursor:
            await cursor.execute(sql, (value,))
            return await cursor.fetchall()

    return read


@asynccontextmanager
async def sqlalchemy(url: str, at_once: int) -> AsyncIterator[dict[str, Reads]]:
    """Yield the reads of SQLAlchemy's Core and ORM over asyncmy, without a transaction around each read."""
    from alchemy_tables import Orders
    from sqlalchemy import bindparam, select
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    address = url.replace("mysql://", "mysql+asyncmy://")
    engine = create_async_engine(
        address,
        pool_size=at_once,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
    )
    table: Any = Orders.__table__
    by_id = select(table).where(table.c.id == bindparam("value"))
    newest = (table.c.create_time.desc(), table.c.id.desc())
    by_user = select(table).where(table.c.userid == bindparam("value")).order_by(*newest).limit(PAGE + 1)
    entities = select(Orders).where(Orders.userid == bindparam("value")).order_by(*newest).limit(PAGE + 1)

    async def core_point(number: int) -> object:
        async with engine.connect() as own:
            return (await own.execute(by_id, {"value": number})).first()

    async def core_page(number: int) -> object:
        async with engine.connect() as own:
            return (await own.execute(by_user, {"value": number})).all()

    async def orm_point(number: int) -> object:
        async with AsyncSession(engine) as session:
            return await session.get(Orders, number)

    async def orm_page(number: int) -> object:
        async with AsyncSession(engine) as session:
            return (await session.scalars(entities, {"value": number})).all()

    yield {"Core": lambda task: (core_point, core_page), "ORM": lambda task: (orm_point, orm_page)}
    await engine.dispose()


async def turn(reads: Reads, place: int, at_once: int, seconds: float) -> tuple[float, float]:
    """Return the calls per second of some tasks, and the CPU us of this process per call."""
    count, bound = 0, ROWS if place == 0 else USERS - 1
    end = time.perf_counter() + seconds

    async def task(own: int) -> None:
        nonlocal count
        read, number = reads(own)[place], own
        origin.set(Origin("", "", time.monotonic() + 60.0))
        while time.perf_counter() < end:
            for _ in range(10):
                number += at_once
                await read(1 + number % bound)
            count += 10

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(task, range(at_once)))
    return count / (time.perf_counter() - began), (time.process_time() - cpu) / count * 1e6


async def measure(url: str, dialect: Dialect, rounds: int, seconds: float, at_once: int) -> None:
    """Fill the table of a database and print the figures."""
    database = Database(DataSourceConf(url=url, max_open=max(at_once, 2), max_idle=at_once))
    model = OrdersModel(database)
    await database.start()
    await database.execute(DDL[dialect])
    began = time.perf_counter()
    await model.insert_many([values(number) for number in range(ROWS)])
    filled = ROWS / (time.perf_counter() - began)
    await database.execute(INDEX)
    async with AsyncExitStack() as after:
        kinds: dict[str, Reads] = {"model": lambda task: (model.find_one, model.list_by_user)}
        kinds["driver"] = await after.enter_async_context(bare(url, dialect, at_once))
        if dialect is not Dialect.POSTGRES:
            name = "prepared" if dialect is Dialect.MYSQL else "untyped"
            kinds[name] = await after.enter_async_context(bare(url, dialect, at_once, True))
        if dialect is Dialect.MYSQL:
            kinds |= await after.enter_async_context(sqlalchemy(url, at_once))
        print(f"\n{dialect.value}, {at_once} at once; bulk insert of a model: {filled:.0f} rows/s")
        for place, what in enumerate(("point", f"{PAGE} rows")):
            turns: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
            for number in range(-2, rounds):
                for kind in kinds if number % 2 else reversed(kinds):
                    found = await turn(kinds[kind], place, at_once, seconds)
                    turns[kind] += [found] if number >= 0 else []
            show(what, turns)
    await database.close()


def show(what: str, turns: dict[str, list[tuple[float, float]]]) -> None:
    """Print the medians, and the medians of the ratios within each round."""
    for kind, figures in turns.items():
        pairs = list(zip(turns["model"], figures, strict=True))
        faster = statistics.median(own[0] / other[0] for own, other in pairs)
        cheaper = statistics.median(other[1] / own[1] for own, other in pairs)
        calls, cpu = (statistics.median(each) for each in zip(*figures, strict=True))
        print(f"  {what:<8}{kind:<10}{calls:>8.0f}/s{cpu:>8.1f} us{faster:>9.2f}{cheaper:>9.2f}")


def main() -> int:
    """Print the figures of all three databases; return 3 when a part is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=0.06, help="of each turn")
    parser.add_argument("--at-once", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--only", choices=[one.value for one in Dialect])
    words = parser.parse_args()
    import uvloop

    print("calls per second, CPU of this process per call, and the model's advantage in both: medians of the ratios in")
    print(f"each of {words.rounds} rounds, in which all kinds take turns of {words.seconds:g} s")
    for dialect in Dialect:
        if words.only in (None, dialect.value):
            for at_once in words.at_once:
                with database_of(dialect) as url:
                    uvloop.run(measure(url, dialect, words.rounds, words.seconds, at_once))
    return 0


@contextmanager
def database_of(dialect: Dialect) -> Iterator[str]:
    """Make an empty database, and yield its URL."""
    if dialect is Dialect.SQLITE:
        with servers.folder() as place:
            (place / "bench.db").touch()
            yield f"sqlite:///{place / 'bench.db'}"
    else:
        with servers.mariadb() if dialect is Dialect.MYSQL else servers.postgres() as server:
            yield server.database()


if __name__ == "__main__":
    sys.exit(main())
