"""An outbox beside a table of rows, on any database and the embedded queue."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from mallgen.tables import model
from mallgen.tables.outbox import ddl
from mallgen_runtime.queue import Producer, ProducerConf, produce
from mallgen_runtime.queue.codec import decode
from mallgen_runtime.queue.headers import JSON, new_id
from mallgen_runtime.queue.link import Place, Record
from mallgen_runtime.queue.opening import queue_at
from mallgen_runtime.queue.outbox import Outbox
from mallgen_runtime.sql import Database, DatabaseError, DataSourceConf
from mallgen_runtime.sql.statement import for_values
from tests.queue.messages import OrderRequest, address

TOPIC = "seckill.placed"
SERVICE = "seckill.rmq"


class Orders:
    """A producer as it is generated."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def placed(self, msg: Any, *, key: str | None = None) -> None:
        """Send that an order is placed."""
        await self._producer.send(address(TOPIC), msg, key)


async def make_tables(url: str) -> None:
    """Make the tables of the outbox and one of orders."""
    database = Database(DataSourceConf(url=url, required=True), mode="dev")
    await database.start()
    try:
        statements = ddl(model.Dialect(database.dialect.value)).split(";\n")
        for statement in (*filter(str.strip, statements), "CREATE TABLE orders (id integer NOT NULL PRIMARY KEY)"):
            await database.execute(statement)
    finally:
        await database.close()


@asynccontextmanager
async def opened(url: str, queue: Mapping[str, Any]) -> AsyncIterator[tuple[Database, Outbox, Orders]]:
    """Open a database with an outbox whose relay runs."""
    producer = produce(ProducerConf(**queue), SERVICE)
    database = Database(DataSourceConf(url=url, required=True), mode="dev")
    outbox = Outbox(database, [producer])
    resources = (producer, database, outbox)
    for resource in resources:
        await resource.start()
    try:
        yield database, outbox, Orders(producer)
    finally:
        for resource in reversed(resources):
            await resource.close()


async def placed(database: Database, outbox: Outbox, orders: Orders, number: int, *, key: str = "") -> None:
    """Write an order and its message in one transaction."""
    async with database.transaction() as tx:
        await tx.execute(*for_values("INSERT INTO orders (id) VALUES (?)", tx.dialect, (number,)))
        await outbox.add(tx, orders.placed, OrderRequest(number=number, product_id=key or f"key-{number % 7}"))


async def sent(queue: Mapping[str, Any]) -> Sequence[Record]:
    """Return all that was sent to the topic, in the order of each partition."""
    log = queue_at(ProducerConf(**queue).where)
    await log.create({TOPIC: 8})
    link = log.consumer(f"reader-{new_id()}", from_first=True)
    assigned: list[Place] = []

    async def seen(places: Sequence[Place]) -> None:
        assigned.extend(places)

    async def nothing(places: Sequence[Place]) -> None:
        pass

    await link.start([TOPIC], seen, nothing, nothing)
    found: list[Record] = []
    while not assigned or len(found) < sum((await link.lag()).values()):
        found += await link.fetch(1000, 0.1)
    await link.close()
    return found


def numbers(records: Sequence[Record]) -> list[int]:
    """Return the numbers of the orders in messages."""
    return [decode(one.value, OrderRequest, JSON, "json").number for one in records]


async def waiting(database: Database) -> int:
    """Return how many messages are in the table."""
    try:
        ((count,),) = await database.fetch("SELECT COUNT(*) FROM mallgen_outbox")
    except DatabaseError:
        return -1
    return int(count)
