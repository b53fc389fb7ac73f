"""Orders that staff change, on a database in memory: the steps there are, and the messages that tell of them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from mallgen_runtime import ApiError
from mallgen_runtime.sql import DataSourceConf, Transaction
from mallgen_runtime.testing import Client, context, made_up_secrets

from order_admin.admin import audit, order_steps
from order_admin.app import create_app
from order_admin.config import Config
from order_admin.logic.orders.change_orders_logic import ChangeOrdersLogic
from order_admin.logic.shopping.update_shopping_logic import UpdateShoppingLogic
from order_admin.schemas import (
    ChangeOrdersRequest,
    ChangeOrdersResponse,
    UpdateShoppingRequest,
)
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
            await app.svc.outbox.close()  # so that messages stay where a test reads them
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


def test_who_receives_an_order_changes_until_it_is_sent() -> None:
    async def test(svc: ServiceContext) -> None:
        logic = UpdateShoppingLogic(context(claims={"sub": "ann"}), svc)
        await svc.orders.insert(id="7", requestid="7", userid=7, status=Status.PAID)
        id = await svc.shopping.insert(orderid="7", userid=7, receiver_city="杭州")
        await logic.update_shopping(UpdateShoppingRequest(id=id, receiver_city="绍兴"))
        late = UpdateShoppingRequest(id=id, receiver_city="宁波")
        for status in set(Status) - {Status.UNPAID, Status.PAID, Status.TO_SEND}:
            await svc.orders.update("7", status=status)
            with pytest.raises(ApiError, match="sent already, or closed"):
                await logic.update_shopping(late)
        row = await svc.shopping.find_one(id)
        assert row is not None and row.receiver_city == "绍兴"
        (trail,) = (await svc.admin_audit.list_by_id(None)).rows
        assert (trail.table_name, trail.row_key) == ("shopping", str(id))
        async with svc.db.transaction() as tx:
            assert await told(tx) == [("order_queue.changed", b"7")]

    run(test)


def test_many_orders_change_or_none_does() -> None:
    async def test(svc: ServiceContext) -> None:
        logic = ChangeOrdersLogic(context(claims={"sub": "ann"}), svc)
        for id, status in (("a", 20), ("b", 30), ("c", 10)):
            await svc.orders.insert(id=id, requestid=id, userid=7, status=status)
        refused = ChangeOrdersRequest(keys=["c", "a"], action="set", status=40)
        with pytest.raises(ApiError, match="never"):
            await logic.change_orders(refused)
        some = ChangeOrdersRequest(keys=["b", "a", "none"], action="set", status=40)
        assert await logic.change_orders(some) == ChangeOrdersResponse(changed=2)
        rows = await svc.orders.find_many(["a", "b", "c"])
        assert [row.status for row in rows] == [40, 40, 10]
        async with svc.db.transaction() as tx:
            assert [key for _, key in await told(tx)] == [b"b", b"a"]

    run(test)
