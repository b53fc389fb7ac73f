"""Payments on a database in memory; order.rpc is a class of this file."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from pay_rpc.app import create_app
from pay_rpc.client import NotifyRequest, PayClient, StartRequest, StartResponse
from pay_rpc.config import Config
from pay_rpc.provider import Notice
from pay_rpc.rpc.order import (
    GetRequest,
    MarkPaidRequest,
    MarkPaidResponse,
    OrderClient,
    OrderItem,
)
from pay_rpc.signature import WINDOW, signature
from pay_rpc.svc import ServiceContext

SECRET = "a secret that the provider knows"


class Orders(OrderClient):
    """Order A of user 7 is unpaid until it is marked; B was paid before; all others are closed when money comes."""

    def __init__(self) -> None:
        self.paid = ["B"]

    async def get(self, req: GetRequest, *, timeout: float | None = None) -> OrderItem:
        status = 20 if req.order_id in self.paid else 10
        return OrderItem(
            order_id=req.order_id, user_id=7, payment="12.50", status=status
        )

    async def mark_paid(
        self, req: MarkPaidRequest, *, timeout: float | None = None
    ) -> MarkPaidResponse:
        if req.order_id not in ("A", "B"):
            raise RpcError(Code.FAILED_PRECONDITION, "the order is closed")
        self.paid.append(req.order_id)
        return MarkPaidResponse()


class Running:
    """The service with its client, and the orders behind it."""

    def __init__(self, client: PayClient, orders: Orders, svc: ServiceContext) -> None:
        self.client = client
        self.orders = orders
        self.svc = svc

    async def start(self, order: str, user: int = 7) -> StartResponse:
        """Start a payment."""
        return await self.client.start(StartRequest(order_id=order, user_id=user))

    async def notify(
        self, notice: Notice, secret: str = SECRET, late: int = 0, more: bytes = b""
    ) -> Code:
        """Send a notification; return how that ended."""
        body, now = msgspec.json.encode(notice), int(time.time()) - late
        signed = signature(secret, now, body)
        request = NotifyRequest(body=body + more, timestamp=now, signature=signed)
        return await code(self.client.notify(request))


async def code(call: Awaitable[object]) -> Code:
    """Return how a call ended."""
    try:
        await call
    except RpcError as problem:
        return problem.code
    return Code.OK


def run(test: Callable[[Running], Awaitable[None]]) -> None:
    """Run a test with the service."""

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        config = Config(
            name="pay.rpc", mode="test", data_source=source, notify_secret=SECRET
        )
        app = create_app(config)
        orders = app.svc.order_rpc = Orders()
        async with Local(app) as channel:
            await test(Running(PayClient(channel), orders, app.svc))

    asyncio.run(talk())


def test_a_payment_is_started_once_and_paid_once() -> None:
    async def test(pay: Running) -> None:
        started = await pay.start("A")
        assert (await pay.start("A"), started.amount) == (started, "12.50")
        notice = Notice(payment_id=started.payment_id, amount="12.50")
        assert [await pay.notify(notice) for _ in range(3)] == [Code.OK] * 3
        assert pay.orders.paid == ["B", "A"]
        assert await code(pay.start("A")) == Code.FAILED_PRECONDITION

    run(test)


def test_an_order_of_another_and_one_that_is_paid() -> None:
    async def test(pay: Running) -> None:
        assert await code(pay.start("A", user=8)) == Code.NOT_FOUND
        assert await code(pay.start("B")) == Code.FAILED_PRECONDITION

    run(test)


def test_money_for_an_order_that_was_closed_is_to_be_given_back() -> None:
    async def test(pay: Running) -> None:
        started = await pay.start("C")
        notice = Notice(payment_id=started.payment_id, amount="12.50")
        assert await pay.notify(notice) == Code.OK
        row = await pay.svc.payinfo.find_one_by_orderid("C")
        assert row is not None
        assert row.platformstatus == "refund_due"

    run(test)


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ({"secret": "a guess"}, Code.UNAUTHENTICATED),
        ({"late": WINDOW + 1}, Code.UNAUTHENTICATED),
        ({"late": -WINDOW - 10}, Code.UNAUTHENTICATED),
        ({"more": b" "}, Code.UNAUTHENTICATED),
        ({"late": WINDOW - 10}, Code.OK),
    ],
)
def test_signatures(change: dict[str, object], ended: Code) -> None:
    async def test(pay: Running) -> None:
        started = await pay.start("A")
        notice = Notice(payment_id=started.payment_id, amount="12.50")
        assert await pay.notify(notice, **change) == ended  # type: ignore[arg-type]
        assert pay.orders.paid == (["B", "A"] if ended == Code.OK else ["B"])

    run(test)


def test_another_amount_payment_or_status() -> None:
    async def test(pay: Running) -> None:
        id = (await pay.start("A")).payment_id
        for notice, ended in (
            (Notice(payment_id=id, amount="0.01"), Code.INVALID_ARGUMENT),
            (Notice(payment_id=id, amount="sNaN"), Code.INVALID_ARGUMENT),
            (
                Notice(payment_id=id, amount="12.50", status="failed"),
                Code.INVALID_ARGUMENT,
            ),
            (Notice(payment_id="none", amount="12.50"), Code.NOT_FOUND),
        ):
            assert await pay.notify(notice) == ended
        assert pay.orders.paid == ["B"]

    run(test)
