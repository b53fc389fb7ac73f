"""Orders that are closed and looked up by their request, on a database in memory."""

import asyncio
from collections.abc import Awaitable, Callable

from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from order_rpc.app import create_app
from order_rpc.client import (
    CloseRequest,
    CreateItem,
    CreateRequest,
    GetRequest,
    MarkPaidRequest,
    OrderClient,
    OrdersRequest,
    Receiver,
)
from order_rpc.config import Config
from order_rpc.status import Status
from order_rpc.svc import ServiceContext

WANTED = CreateRequest(
    request_id="7-a",
    user_id=7,
    items=[CreateItem(product_id=1, quantity=2, price="9.90")],
    receiver=Receiver(name="小明", mobile="138", city="杭州", address="西湖 1"),
)


def run(test: Callable[[OrderClient, ServiceContext], Awaitable[None]]) -> None:
    """Run a test with a client of the service and its context."""

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="order.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            await test(OrderClient(channel), app.svc)

    asyncio.run(talk())


async def code(call: Awaitable[object]) -> Code:
    """Return how a call ended."""
    try:
        await call
    except RpcError as problem:
        return problem.code
    return Code.OK


def test_an_unpaid_order_is_closed_and_cannot_be_paid() -> None:
    async def test(client: OrderClient, svc: ServiceContext) -> None:
        id = (await client.create(WANTED)).order_id
        for _ in range(2):
            closed = await client.close(CloseRequest(request_id="7-a"))
            assert not closed.is_paid
        found = await client.get(GetRequest(request_id="7-a"))
        assert (found.order_id, found.status) == (id, Status.CLOSED)

    run(test)


def test_a_paid_order_stays() -> None:
    async def test(client: OrderClient, svc: ServiceContext) -> None:
        id = (await client.create(WANTED)).order_id
        await client.mark_paid(MarkPaidRequest(order_id=id))
        assert (await client.close(CloseRequest(request_id="7-a"))).is_paid
        assert (await client.get(GetRequest(order_id=id))).status == Status.PAID

    run(test)


def test_what_staff_make_of_an_order_holds() -> None:
    """One that they cancel is not paid, and gives its stock back; one that they send stays paid."""

    async def test(client: OrderClient, svc: ServiceContext) -> None:
        id = (await client.create(WANTED)).order_id
        for status in (Status.TO_SEND, Status.TO_RECEIVE, Status.DONE):
            await svc.orders.update(id, status=status)
            await client.mark_paid(MarkPaidRequest(order_id=id))
            assert (await client.close(CloseRequest(request_id="7-a"))).is_paid
            assert (await client.get(GetRequest(order_id=id))).status == status
        await svc.orders.update(id, status=Status.CANCELLED)
        paying = client.mark_paid(MarkPaidRequest(order_id=id))
        assert await code(paying) == Code.FAILED_PRECONDITION
        assert not (await client.close(CloseRequest(request_id="7-a"))).is_paid
        assert (await client.get(GetRequest(order_id=id))).status == Status.CANCELLED

    run(test)


def test_a_request_without_an_order() -> None:
    async def test(client: OrderClient, svc: ServiceContext) -> None:
        for request in ("nobody's", "nobody's", "r" * 64):
            closed = await client.close(CloseRequest(request_id=request))
            assert not closed.is_paid
        for request in ("", "r" * 65):
            refused = await code(client.close(CloseRequest(request_id=request)))
            assert refused == Code.INVALID_ARGUMENT

    run(test)


def test_an_order_that_comes_after_its_close_is_not_made() -> None:
    async def test(client: OrderClient, svc: ServiceContext) -> None:
        await client.close(CloseRequest(request_id="7-a"))
        for _ in range(2):
            assert await code(client.create(WANTED)) == Code.FAILED_PRECONDITION
        for asked in (GetRequest(request_id="7-a"), GetRequest(order_id="7-a")):
            assert await code(client.get(asked)) == Code.NOT_FOUND
        for user in (0, 7):
            page = await client.orders(OrdersRequest(user_id=user))
            assert (len(page.orders), page.is_end) == (0, True)
        paying = client.mark_paid(MarkPaidRequest(order_id="7-a"))
        assert await code(paying) == Code.FAILED_PRECONDITION

    run(test)


def test_who_receives_it() -> None:
    async def test(client: OrderClient, svc: ServiceContext) -> None:
        order = await svc.orders.find_one((await client.create(WANTED)).order_id)
        assert order is not None
        row = await svc.shopping.find_one(order.shoppingid)
        assert row is not None
        assert (row.orderid, row.receiver_city) == (order.id, "杭州")

    run(test)
