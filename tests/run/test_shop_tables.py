"""The RPC services of the shop on SQLite, MariaDB, PostgreSQL and Redis: the same answers, also under many at once."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mallgen.tables import model
from mallgen.tables.ddl import script
from mallgen.tables.read import DdlSource, read
from mallgen_runtime.cache import CacheConf, CacheRedisConf
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf, Model
from mallgen_runtime.sql.statements import Statements
from mallgen_runtime.testing import Local
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SERVICES = ("order", "product", "cart", "user", "reply", "seckill")
DIALECTS = {"mariadb": model.Dialect.MYSQL, "postgres": model.Dialect.POSTGRES}


@pytest.fixture(autouse=True)
def services_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in SERVICES:
        monkeypatch.syspath_prepend(str(ROOT / "generated" / name))
    monkeypatch.setenv("MALLGEN_QUEUE", str(tmp_path / "queue.db"))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0].removesuffix("_rpc") in SERVICES]:
        del sys.modules[name]


class Running(NamedTuple):
    """A service without a socket: its client, the module of the client with the messages, its service context."""

    client: Any
    pb: Any
    svc: Any


Open = Callable[..., Any]


@pytest.fixture(params=["sqlite", "mariadb", "postgres", "mariadb redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return a function that opens a service of the shop on an empty database with its tables, and an empty cache.

    One that lags has a replica that never learns of anything; SQLite has none.
    """
    kind, _, redis = request.param.partition(" ")
    hosts = [CacheRedisConf(host=request.getfixturevalue("redis_server").host)] if redis else []
    options = CacheConf(prefix=tmp_path.name)

    def url(service: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / service}.db"
        server = request.getfixturevalue(f"{kind}_server")
        made: str = server.database()
        tables = [table._replace(database="") for table in tables_of(service)]
        server.run(script(tuple(tables), DIALECTS[kind]), made.rpartition("/")[2])
        return made

    @asynccontextmanager
    async def opens(service: str, lags: bool = False) -> AsyncIterator[Running]:
        package = f"{service}_rpc"
        conf = DataSourceConf(url=url(service), replicas=[url(service)] if lags else [])
        config = importlib.import_module(f"{package}.config").Config(
            name=service,
            listen_on="127.0.0.1:0",
            mode="dev",
            timeout=60_000,
            data_source=conf,
            cache_redis=hosts,
            cache_options=options,
        )
        app = importlib.import_module(f"{package}.app").create_app(config)
        pb = importlib.import_module(f"{package}.client")
        async with Local(app) as channel:
            assert app.svc.db.state == "ok"
            yield Running(getattr(pb, f"{service.capitalize()}Client")(channel), pb, app.svc)

    return opens


def tables_of(service: str) -> tuple[model.Table, ...]:
    """Return the tables of a service's database, also those of its back office."""
    paths = sorted((ROOT / "examples" / "sql").glob("*.sql"))
    sources = [DdlSource(path.name, path.read_text(encoding="utf-8")) for path in paths]
    return read(sources, model.Dialect.MYSQL).schema.of(service)


async def seeded(running: Running) -> None:
    package = type(running.svc).__module__.partition(".")[0]
    await importlib.import_module(f"{package}.seed").fill(running.svc)


async def codes(calls: list[Awaitable[Any]]) -> list[Code]:
    """Make calls at once and return how each of them ended."""

    async def ended(call: Awaitable[Any]) -> Code:
        try:
            await call
        except RpcError as problem:
            return problem.code
        return Code.OK

    return await asyncio.gather(*map(ended, calls))


def test_of_two_adds_at_199_one_wins(opened: Open) -> None:
    async def shop() -> None:
        async with opened("cart") as cart:
            add, ask = cart.client.add_item, cart.pb.AddItemRequest
            for n in range(1, 200):
                await add(ask(user_id=1, product_id=n, quantity=1))
            both = await codes([add(ask(user_id=1, product_id=n, quantity=1)) for n in (1000, 1001)])
            assert sorted(both) == [Code.OK, Code.FAILED_PRECONDITION]
            assert len((await cart.client.cart_items(cart.pb.CartItemsRequest(user_id=1))).items) == 200
            assert (await cart.svc.cartcount.find_one(1)).items == 200
            more = await add(ask(user_id=1, product_id=5, quantity=2))  # it is in the cart already
            assert more.quantity == 3

    asyncio.run(shop())


def test_many_adds_and_removals_of_one_product(opened: Open) -> None:
    async def shop() -> None:
        async with opened("cart") as cart:
            add = cart.pb.AddItemRequest(user_id=7, product_id=1, quantity=1)
            assert set(await codes([cart.client.add_item(add) for _ in range(20)])) == {Code.OK}
            row = await cart.svc.cart.find_one_by_userid_proid(7, 1)
            assert (row.quantity, (await cart.svc.cartcount.find_one(7)).items) == (20, 1)
            gone = cart.pb.RemoveItemRequest(user_id=7, product_id=1)
            replies = await asyncio.gather(*(cart.client.remove_item(gone) for _ in range(10)))
            assert [reply.removed for reply in replies].count(True) == 1
            assert (await cart.svc.cartcount.find_one(7)).items == 0
            assert await codes([cart.client.add_item(cart.pb.AddItemRequest(user_id=7))]) == [Code.INVALID_ARGUMENT]

    asyncio.run(shop())


def test_stock_is_never_negative_under_two_hundred_at_once(opened: Open) -> None:
    async def shop() -> None:
        async with opened("product") as product:
            await product.svc.product.insert(id=1, cateid=1, name="a", stock=50)
            take = product.pb.TakeStockRequest(product_id=1, quantity=1)
            ended = await codes([product.client.take_stock(take) for _ in range(200)])
            assert (ended.count(Code.OK), ended.count(Code.FAILED_PRECONDITION)) == (50, 150)
            assert (await product.svc.product.find_one(1)).stock == 0
            missing = product.pb.TakeStockRequest(product_id=2, quantity=1)
            assert await codes([product.client.take_stock(missing)]) == [Code.NOT_FOUND]

    asyncio.run(shop())


async def pages(call: Callable[..., Awaitable[Any]], request: Any, items: str, last: str, **values: Any) -> list[Any]:
    """Read a list to its end, five items a page."""
    found: list[Any] = []
    cursor, last_id, is_end = 0, type(request().last_id)(), False
    while not is_end:
        page = await call(request(cursor=cursor, last_id=last_id, ps=5, **values))
        found += getattr(page, items)
        cursor, last_id, is_end = getattr(page, last), page.last_id, page.is_end
    return found


def test_orders_of_one_second_are_on_no_page_twice_and_on_none_missing(opened: Open) -> None:
    async def shop() -> None:
        async with opened("order") as order:
            await seeded(order)
            found = await pages(order.client.orders, order.pb.OrdersRequest, "orders", "create_time", user_id=500)
            ids = [(one.create_time, one.order_id) for one in found]
            assert len(set(ids)) == 12
            assert ids == sorted(ids, reverse=True)
            paid = await pages(
                order.client.orders, order.pb.OrdersRequest, "orders", "create_time", user_id=123, status=20
            )
            assert {one.status for one in paid} == {20}
            assert (paid[0].payment, paid[0].total_price, paid[0].quantity) == ("24.50", "24.50", 2)
            first = await order.client.orders(order.pb.OrdersRequest(user_id=500, ps=2))
            skipped = await order.client.orders(order.pb.OrdersRequest(user_id=500, cursor=first.create_time))
            assert skipped.orders[0].create_time < first.create_time

    asyncio.run(shop())


def test_products_by_every_order(opened: Open) -> None:
    async def shop() -> None:
        async with opened("product") as product:
            await seeded(product)
            call, request = product.client.category_products, product.pb.CategoryProductsRequest
            for category, number in (("", 60), ("数码", 30), ("nothing", 0)):
                for sort in ("", "create_time", "sales", "stock"):
                    found = await pages(call, request, "products", "last_val", category=category, sort=sort)
                    assert len({one.product_id for one in found}) == len(found) == number
                    if sort == "stock":
                        assert [one.stock for one in found] == sorted([one.stock for one in found], reverse=True)
            assert await codes([call(request(sort="price"))]) == [Code.INVALID_ARGUMENT]
            shown = await pages(product.client.recommended, product.pb.RecommendedRequest, "products", "last_val")
            assert [one.product_id for one in shown] == list(range(60, 0, -1))
            sale = await product.client.current_sale(product.pb.CurrentSaleRequest())
            assert [one.product_id for one in sale.products] == list(range(1, 11))

    asyncio.run(shop())


def test_a_last_value_of_nothing_is_no_first_page(opened: Open) -> None:
    async def shop() -> None:
        async with opened("product") as product:
            await product.svc.product.insert_many([{"id": n, "cateid": 1, "name": "a"} for n in range(1, 8)])
            call, request = product.client.category_products, product.pb.CategoryProductsRequest
            assert len(await pages(call, request, "products", "last_val", sort="stock")) == 7

    asyncio.run(shop())


def test_comments_with_their_images(opened: Open) -> None:
    async def shop() -> None:
        async with opened("reply") as reply:
            await seeded(reply)
            call, request = reply.client.comments, reply.pb.CommentsRequest
            found = await pages(call, request, "comments", "comment_time", product_id=1)
            times = [(one.create_time, one.comment_id) for one in found]
            assert len(set(times)) == 40
            assert times == sorted(times, reverse=True)
            assert all([image.url for image in one.images] == [f"/comment/{one.comment_id}.png"] for one in found)

    asyncio.run(shop())


def test_passwords_are_hashes_and_a_wrong_one_is_told_like_an_unknown_user(opened: Open) -> None:
    async def shop() -> None:
        async with opened("user") as user:
            register, login = user.pb.RegisterRequest, user.pb.LoginRequest
            made = await user.client.register(register(username="小明", password="correct horse"))
            assert (await user.svc.user.find_one(made.user_id)).password.startswith("$argon2id$")
            same = [user.client.register(register(username="b", password="long enough")) for _ in range(3)]
            assert sorted(await codes(same)) == [Code.OK, Code.ALREADY_EXISTS, Code.ALREADY_EXISTS]
            reply = await user.client.login(login(username="小明", password="correct horse"))
            assert reply.user_id == made.user_id
            for wrong in (login(username="小明", password="x"), login(username="nobody", password="x")):
                with pytest.raises(RpcError, match="the username or the password is wrong"):
                    await user.client.login(wrong)
            short = [register(username="c", password="short"), register(username="", password="long enough")]
            assert await codes([user.client.register(one) for one in short]) == [Code.INVALID_ARGUMENT] * 2

    asyncio.run(shop())


CALLS = [
    ("order", "orders", "OrdersRequest", {"user_id": 123}, 2, 1),
    ("product", "products", "ProductRequest", {"ids": range(1, 51)}, 2, 0),
    ("product", "recommended", "RecommendedRequest", {}, 2, 0),
    ("product", "category_products", "CategoryProductsRequest", {"category": "数码", "sort": "sales"}, 3, 0),
    ("product", "current_sale", "CurrentSaleRequest", {}, 4, 2),
    ("product", "banners", "BannersRequest", {}, 1, 1),
    ("cart", "cart_items", "CartItemsRequest", {"user_id": 200}, 1, 1),
    ("user", "users", "UsersRequest", {"ids": [7, 8]}, 1, 0),
    ("reply", "comments", "CommentsRequest", {"product_id": 1}, 2, 1),
]


@pytest.mark.parametrize(("service", "rpc", "request_class", "values", "count", "warm"), CALLS)
def test_a_page_of_any_size_costs_the_same_number_of_queries(
    opened: Open,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    rpc: str,
    request_class: str,
    values: dict[str, Any],
    count: int,
    warm: int,
) -> None:
    """`count` queries without a cache, and `warm` of those with a cache that has seen the request before."""
    asked: list[str] = []

    def counted(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counts(self: Statements, sql: str, bound: Sequence[Any] = ()) -> Any:
            asked.append(sql)
            return await read(self, sql, bound)

        return counts

    async def shop() -> None:
        async with opened(service) as running:
            await seeded(running)
            for name in ("fetch", "fetch_named"):
                monkeypatch.setattr(Statements, name, counted(getattr(Statements, name)))
            request = getattr(running.pb, request_class)
            sizes = (1, 50) if "ps" in request.DESCRIPTOR.fields_by_name else (0,)
            asking = [request(**values, **({"ps": size} if size else {})) for size in sizes]
            for one in asking * 2:
                first = await getattr(running.client, rpc)(one)
            asked.clear()
            for one in asking:
                assert await getattr(running.client, rpc)(one) is not None
            assert len(asked) == warm * len(asking), asked
            for model in [model for model in vars(running.svc).values() if isinstance(model, Model)]:
                model._reads = None
            for one in asking:
                asked.clear()
                answer = await getattr(running.client, rpc)(one)
                assert len(asked) == count, asked
            assert answer == first, "the cache and the database answer alike"

    asyncio.run(shop())


def test_one_request_makes_one_order_however_often_it_comes(opened: Open) -> None:
    async def shop() -> None:
        async with opened("order") as order:
            items = [order.pb.CreateItem(product_id=1, quantity=2, price="9.90", name="cup")]
            ask = order.pb.CreateRequest(request_id="a", user_id=7, items=items)
            await asyncio.gather(*(order.client.create(ask) for _ in range(10)), return_exceptions=True)
            made = await order.client.create(ask)
            page = await order.client.orders(order.pb.OrdersRequest(user_id=7, ps=50))
            assert [(one.order_id, one.payment, one.quantity) for one in page.orders] == [(made.order_id, "19.80", 2)]
            for wrong in ("1.001", "-1", "NaN", "much", "1e30", ""):
                items[0].price = wrong
                refused = order.pb.CreateRequest(request_id="b", user_id=7, items=items)
                assert await codes([order.client.create(refused)]) == [Code.INVALID_ARGUMENT]
            ask.items[0].price = "-1"
            assert (await order.client.create(ask)).order_id == made.order_id, "it is there, so it is not refused"

    asyncio.run(shop())
