"""The back office of orders and order.rpc on one database, SQLite, MariaDB or PostgreSQL: of two writers one wins."""

import asyncio
import importlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mallgen.tables.ddl import script
from mallgen_runtime import ApiError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import context, made_up_secrets
from tests.conftest import ROOT
from tests.run.test_shop_tables import DIALECTS, tables_of

ORDERS = 20
UNPAID, PAID, TO_SEND, TO_RECEIVE, CANCELLED = 10, 20, 30, 40, 70


class Pair(NamedTuple):
    """The service contexts of order.rpc and of its back office."""

    rpc: Any
    office: Any


Open = Callable[[], AbstractAsyncContextManager[Pair]]


@pytest.fixture(autouse=True)
def office_on_the_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(ROOT / "generated" / "order_admin"))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "order_admin"]:
        del sys.modules[name]


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return a function that opens both on an empty database with their tables."""
    kind = request.param
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'order.db'}"
    else:
        server = request.getfixturevalue(f"{kind}_server")
        url = server.database()
        tables = [table._replace(database="") for table in tables_of("order")]
        server.run(script(tuple(tables), DIALECTS[kind]), url.rpartition("/")[2])

    @asynccontextmanager
    async def opens() -> AsyncIterator[Pair]:
        async with opened("order_rpc", url) as rpc, opened("order_admin", url, port=8890) as office:
            yield Pair(rpc, office)

    return opens


def opened(package: str, url: str, **more: Any) -> Any:
    """Return the service context of a package."""
    conf = importlib.import_module(f"{package}.config").Config
    with made_up_secrets():
        config = conf(name=package, mode="dev", data_source=DataSourceConf(url=url), **more)
        return importlib.import_module(f"{package}.svc").ServiceContext(config)


async def insert(svc: Any, status: int) -> list[str]:
    """Make orders of a status, and return their keys."""
    ids = [f"order-{number}" for number in range(ORDERS)]
    await svc.orders.insert_many([{"id": order, "requestid": order, "userid": 7, "status": status} for order in ids])
    return ids


async def step(svc: Any, order: str, status: int) -> bool:
    """Give an order its next status; return whether that was possible."""
    logic = importlib.import_module("order_admin.logic.orders.update_orders_logic").UpdateOrdersLogic
    schemas = importlib.import_module("order_admin.schemas")
    try:
        await logic(context(claims={"sub": "ann"}), svc).update_orders(
            schemas.UpdateOrdersRequest(id=order, status=status)
        )
    except ApiError as problem:
        assert problem.status == 409
        return False
    return True


async def receive(svc: Any, receiver: int) -> bool:
    """Change who receives an order; return whether that was possible."""
    logic = importlib.import_module("order_admin.logic.shopping.update_shopping_logic").UpdateShoppingLogic
    schemas = importlib.import_module("order_admin.schemas")
    request = schemas.UpdateShoppingRequest(id=receiver, receiver_city="绍兴")
    try:
        await logic(context(claims={"sub": "ann"}), svc).update_shopping(request)
    except ApiError as problem:
        assert problem.status == 409
        return False
    return True


def test_who_pays_while_staff_cancel_has_paid_or_is_told(pair: Open) -> None:
    async def shop() -> None:
        async with pair() as (rpc, office):
            ids = await insert(rpc, UNPAID)
            both = [asyncio.gather(rpc.orders.pay(order), step(office, order, CANCELLED)) for order in ids]
            ended = await asyncio.gather(*both)
            assert all(sorted(one) == [False, True] for one in ended), ended
            for order, (is_paid, _) in zip(ids, ended, strict=True):
                row = await office.orders.find_one(order)
                assert row.status == (PAID if is_paid else CANCELLED)
                assert (row.payment_time is None, row.close_time is None) == (not is_paid, is_paid)

    asyncio.run(shop())


def test_of_two_who_send_an_order_one_has_sent_it(pair: Open) -> None:
    async def shop() -> None:
        async with pair() as (rpc, office):
            ids = await insert(rpc, TO_SEND)
            sent = await asyncio.gather(*(step(office, order, TO_RECEIVE) for order in ids * 2))
            assert Counter(sent) == {True: ORDERS, False: ORDERS}
            trail = (await office.admin_audit.list_by_id(None, 100)).rows
            assert sorted(row.row_key for row in trail) == sorted(ids)

    asyncio.run(shop())


def test_an_address_does_not_change_behind_a_parcel(pair: Open) -> None:
    async def shop() -> None:
        async with pair() as (rpc, office):
            ids = await insert(rpc, PAID)
            keys = [await rpc.shopping.insert(orderid=order, userid=7, receiver_city="杭州") for order in ids]
            both = [
                asyncio.gather(step(office, order, TO_RECEIVE), receive(office, key))
                for order, key in zip(ids, keys, strict=True)
            ]
            ended = await asyncio.gather(*both)
            assert all(is_sent for is_sent, _ in ended)
            for order, key, (_, is_changed) in zip(ids, keys, ended, strict=True):
                sent, row = await office.orders.find_one(order), await office.shopping.find_one(key)
                assert (row.receiver_city, sent.status) == ("绍兴" if is_changed else "杭州", TO_RECEIVE)
            trail = [one.table_name for one in (await office.admin_audit.list_by_id(None, 100)).rows]
            assert trail.count("shopping") == sum(changed for _, changed in ended)

    asyncio.run(shop())
