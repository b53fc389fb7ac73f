"""The saga of a purchase: an order, or the item given back."""

import asyncio
import time

from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import LocalQueue, made_up_secrets

from seckill_queue_rmq.app import create_app
from seckill_queue_rmq.pb.seckill_queue_pb2 import OrderRequest
from seckill_queue_rmq.rpc.order import CreateRequest, CreateResponse, OrderClient
from seckill_queue_rmq.rpc.order_queue import OrderQueueProducer, PlacedOrder
from seckill_queue_rmq.rpc.seckill import (
    CancelRequest,
    CancelResponse,
    SeckillClient,
    SettleRequest,
    SettleResponse,
)

TOPIC = "seckill_queue.order-requested"


class Orders(OrderClient):
    """Fails with the codes that it is given, one for each call, and then makes the order."""

    def __init__(self, *codes: Code) -> None:
        self.codes = list(codes)
        self.placed: list[PlacedOrder] = []
        self.asked: list[CreateRequest] = []

    async def create(
        self, req: CreateRequest, *, timeout: float | None = None
    ) -> CreateResponse:
        assert self.placed[-1].request_id == req.request_id, "what undoes it goes first"
        self.asked.append(req)
        if self.codes:
            raise RpcError(self.codes.pop(0), "no")
        return CreateResponse(order_id=f"order of {req.request_id}")


class Timers(OrderQueueProducer):
    """Keeps what is sent, beside the orders."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders

    async def placed(self, msg: PlacedOrder, *, key: str | None = None) -> None:
        self.orders.placed.append(msg)


class Sale(SeckillClient):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[SettleRequest | CancelRequest] = []

    async def settle(
        self, req: SettleRequest, *, timeout: float | None = None
    ) -> SettleResponse:
        self.told.append(req)
        return SettleResponse()

    async def cancel(
        self, req: CancelRequest, *, timeout: float | None = None
    ) -> CancelResponse:
        self.told.append(req)
        return CancelResponse()


async def handled(orders: Orders, *, attempts: int = 1) -> Sale:
    """Deliver a message so often; return what seckill.rpc was told."""
    with made_up_secrets():
        app = create_app()
    sale = Sale()
    app.svc.order_rpc, app.svc.seckill_rpc = orders, sale
    app.svc.order_queue = Timers(orders)
    async with LocalQueue(app) as queue:
        for left in reversed(range(attempts)):
            try:
                await queue.deliver(
                    TOPIC, OrderRequest(user_id=7, product_id=1, price="9.90")
                )
            except RpcError:
                assert left, "the last attempt has an answer"
    return sale


def test_an_order_settles_the_purchase() -> None:
    orders = Orders()
    sale = asyncio.run(handled(orders))
    order = "order of seckill-1-7"
    assert sale.told == [SettleRequest(user_id=7, product_id=1, order_id=order)]
    assert [(one.quantity, one.price) for one in orders.asked[0].items] == [(1, "9.90")]
    (timer,) = orders.placed
    assert (timer.user_id, timer.product_id) == (7, 1)
    assert abs(timer.place_time - time.time()) < 60


def test_a_refused_order_cancels_the_purchase() -> None:
    sale = asyncio.run(handled(Orders(Code.INVALID_ARGUMENT)))
    assert sale.told == [CancelRequest(user_id=7, product_id=1)]


def test_without_an_answer_the_same_request_is_made_again() -> None:
    orders = Orders(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED)
    sale = asyncio.run(handled(orders, attempts=3))
    assert {one.request_id for one in orders.asked} == {"seckill-1-7"}
    assert [type(one) for one in sale.told] == [SettleRequest]
