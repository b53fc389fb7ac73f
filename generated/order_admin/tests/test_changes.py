"""Orders that staff change, on a database in memory: the steps there are, and the messages that tell of them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from mallgen_runtime import ApiError
from mallgen_runtime.sql import DataSourceConf, Transaction
from mallgen_runtime.testing import Client, made_up_secrets

from order_admin.admin import audit, order_steps
from order_admin.app import create_app
from order_admin.config import Config
from order_admin.status import Status
from order_admin.svc import ServiceContext

MESSAGES = "SELECT topic, message_key FROM mallgen_outbox ORDER BY id"
ALLOWED = {(10, 70), (20, 30), (20, 40), (30, 40), (40, 50)}


class Undone(Exception):
    """What ends a transaction."""


def run(test: Callable[[ServiceContext], Awaitable[None]]) -> None:
    """Run a test with the context of the service."""

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        with made_up_secrets():
            app = create_app(
                Config(name="admin", port=8890, mode="test", data_source=source)
            )
        async with Client(app):
            await test(app.svc)

    asyncio.run(talk())


async def told(tx: Transaction) -> list[tuple[object, ...]]:
    """Return the topics and keys of the messages that wait."""
    return [tuple(row) for row in await tx.fetch(MESSAGES)]


def test_a_change_is_told_in_its_transaction() -> None:
    async def test(svc: ServiceContext) -> None:
        with pytest.raises(Undone):
            async with svc.db.transaction() as tx:
                await audit.tell(svc, tx, "7-a")
                assert await told(tx) == [("order_queue.changed", b"7-a")]
                raise Undone
        async with svc.db.transaction() as tx:
            assert await told(tx) == []

    run(test)


def test_these_steps_and_no_others() -> None:
    async def test(svc: ServiceContext) -> None:
        done = set()
        for old in Status:
            for new in Status:
                id = f"{old}-{new}"
                await svc.orders.insert(id=id, requestid=id, userid=7, status=old)
                row = await svc.orders.find_one(id)
                assert row is not None
                try:
                    row = await order_steps.take(svc.orders, row, new)
                except ApiError as problem:
                    assert problem.status == 409
                else:
                    assert row.status == new
                    done.add((int(old), int(new)))
        assert done == ALLOWED

    run(test)


def test_the_time_of_a_step_is_kept() -> None:
    async def test(svc: ServiceContext) -> None:
        await svc.orders.insert(id="7", requestid="7", userid=7, status=Status.TO_SEND)
        row = await svc.orders.find_one("7")
        assert row is not None and row.send_time is None
        row = await order_steps.take(svc.orders, row, Status.TO_RECEIVE)
        assert row.send_time is not None and row.end_time is None
        row = await order_steps.take(svc.orders, row, Status.DONE)
        assert row.end_time is not None and row.close_time is None

    run(test)


def test_who_pays_meanwhile_has_paid() -> None:
    async def test(svc: ServiceContext) -> None:
        await svc.orders.insert(id="7", requestid="7", userid=7)
        seen = await svc.orders.find_one("7")
        assert seen is not None and seen.status == Status.UNPAID
        await svc.orders.update("7", status=Status.PAID)
        with pytest.raises(ApiError, match="somebody else"):
            await order_steps.take(svc.orders, seen, Status.CANCELLED)
        row = await svc.orders.find_one("7")
        assert row is not None and (row.status, row.close_time) == (Status.PAID, None)

    run(test)


def test_a_sent_order_is_not_held() -> None:
    async def test(svc: ServiceContext) -> None:
        held = {}
        for status in Status:
            id = str(int(status))
            await svc.orders.insert(id=id, requestid=id, userid=7, status=status)
            held[int(status)] = await svc.orders.hold(id)
        held[0] = await svc.orders.hold("nobody's")
        assert [status for status, is_held in held.items() if is_held] == [10, 20, 30]

    run(test)
