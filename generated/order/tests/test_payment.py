"""Orders that are paid, on a database in memory."""

import asyncio

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from order_rpc.app import create_app
from order_rpc.client import GetRequest, MarkPaidRequest, OrderClient
from order_rpc.config import Config
from order_rpc.seed import fill
from order_rpc.status import Status

CONFIG = Config(
    name="order.rpc",
    mode="test",
    data_source=DataSourceConf(url="sqlite://:memory:"),
)


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        (Status.UNPAID, Code.OK, Status.PAID),
        (Status.PAID, Code.OK, Status.PAID),
        (Status.DONE, Code.OK, Status.DONE),
        (Status.CLOSED, Code.FAILED_PRECONDITION, Status.CLOSED),
        (Status.CANCELLED, Code.FAILED_PRECONDITION, Status.CANCELLED),
    ],
)
def test_mark_paid(before: Status, code: Code, after: Status) -> None:
    async def talk() -> None:
        app = create_app(CONFIG)
        async with Local(app) as channel:
            await fill(app.svc)
            client, id, ended = OrderClient(channel), "7-20220609123456", Code.OK
            await app.svc.orders.update(id, status=before)
            try:
                await client.mark_paid(MarkPaidRequest(order_id=id))
            except RpcError as problem:
                ended = problem.code
            assert (await client.get(GetRequest(order_id=id))).status == after
            row = await app.svc.orders.find_one(id)
            assert row is not None
            assert (row.payment_time is not None) == (before == Status.UNPAID)
        assert ended == code

    asyncio.run(talk())


def test_an_order_that_there_is_not() -> None:
    async def talk() -> None:
        async with Local(create_app(CONFIG)) as channel:
            client = OrderClient(channel)
            with pytest.raises(RpcError, match="there is no order x") as found:
                await client.get(GetRequest(order_id="x"))
            assert found.value.code == Code.NOT_FOUND
            with pytest.raises(RpcError, match="there is no order x"):
                await client.mark_paid(MarkPaidRequest(order_id="x"))

    asyncio.run(talk())
