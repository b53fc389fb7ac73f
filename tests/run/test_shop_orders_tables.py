"""Orders in the tables of the shop, many at once, on SQLite, MariaDB and PostgreSQL, with Redis too."""

import asyncio
from decimal import Decimal

import pytest

from mallgen_runtime.rpc import Code
from tests.run import test_shop_tables
from tests.run.test_shop_tables import Open, codes, seeded

pytestmark = pytest.mark.slow

opened = test_shop_tables.opened
services_on_the_path = test_shop_tables.services_on_the_path


def test_reservations_at_once_never_take_more_than_there_is(opened: Open) -> None:
    async def shop() -> None:
        async with opened("product") as product:
            pb, client, stock = product.pb, product.client, product.svc.product
            for number in (1, 2):
                await stock.insert(id=number, cateid=1, name="a", stock=10)

            def wanted(request: int, *ids: int) -> object:
                items = [pb.ReserveItem(product_id=one, quantity=1) for one in ids]
                return pb.ReserveRequest(request_id=f"r{request}", items=items)

            calls = [client.reserve(wanted(n, *((1, 2) if n % 2 else (2, 1)))) for n in range(30)]
            ended = await codes(calls)
            assert (ended.count(Code.OK), ended.count(Code.FAILED_PRECONDITION)) == (10, 20)
            assert [(await stock.find_one(one)).stock for one in (1, 2)] == [0, 0]
            gone = [pb.ReleaseRequest(request_id=f"r{n}") for n in range(30) for _ in range(2)]
            replies = await asyncio.gather(*map(client.release, gone))
            assert [reply.released for reply in replies].count(True) == 10
            assert [(await stock.find_one(one)).stock for one in (1, 2)] == [10, 10]
            assert await codes([client.reserve(wanted(3, 1))]) == [Code.FAILED_PRECONDITION]
            ended = await codes([client.reserve(wanted(99, 1 + n % 2)) for n in range(10)])
            assert (ended.count(Code.OK), ended.count(Code.FAILED_PRECONDITION)) == (5, 5)

    asyncio.run(shop())


def test_reservations_at_once_where_a_changed_row_is_an_error(opened: Open, request: pytest.FixtureRequest) -> None:
    """MariaDB from 11.6 on refuses to change a row that was changed since the transaction first read."""
    if "mariadb" not in request.node.name:
        pytest.skip("it is MariaDB's innodb_snapshot_isolation")
    server = request.getfixturevalue("mariadb_server")
    if not server.run("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'"):
        pytest.skip("this MariaDB has no innodb_snapshot_isolation")

    async def shop() -> None:
        async with opened("product") as product:
            pb, client, stock = product.pb, product.client, product.svc.product
            for number in (1, 2):
                await stock.insert(id=number, cateid=1, name="a", stock=100)

            def wanted(request: int, *ids: int) -> object:
                items = [pb.ReserveItem(product_id=one, quantity=1) for one in ids]
                return pb.ReserveRequest(request_id=f"r{request}", items=items)

            calls = [client.reserve(wanted(n, *((1, 2) if n % 2 else (2,)))) for n in range(60)]
            assert await codes(calls) == [Code.OK] * 60
            assert [(await stock.find_one(one)).stock for one in (1, 2)] == [70, 40]
            gone = [client.release(pb.ReleaseRequest(request_id=f"r{n}")) for n in range(60)]
            assert await codes(gone) == [Code.OK] * 60
            assert [(await stock.find_one(one)).stock for one in (1, 2)] == [100, 100]

    server.run("SET GLOBAL innodb_snapshot_isolation = ON")
    try:
        asyncio.run(shop())
    finally:
        server.run("SET GLOBAL innodb_snapshot_isolation = DEFAULT")


def test_of_money_and_time_one_wins(opened: Open) -> None:
    async def shop() -> None:
        async with opened("order") as order:
            pb, client = order.pb, order.client
            for number in range(10):
                item = pb.CreateItem(product_id=1, quantity=1, price="9.90")
                wanted = pb.CreateRequest(request_id=f"r{number}", user_id=7, items=[item])
                made = (await client.create(wanted)).order_id
                paying = codes([client.mark_paid(pb.MarkPaidRequest(order_id=made))])
                (paid,), closed = await asyncio.gather(paying, client.close(pb.CloseRequest(request_id=f"r{number}")))
                status = (await client.get(pb.GetRequest(order_id=made))).status
                assert (paid, closed.is_paid, status) in ((Code.OK, True, 20), (Code.FAILED_PRECONDITION, False, 60))

    asyncio.run(shop())


def test_of_an_order_and_its_end_one_wins(opened: Open) -> None:
    async def shop() -> None:
        async with opened("order") as order:
            pb, client = order.pb, order.client
            item = pb.CreateItem(product_id=1, quantity=1, price="9.90")
            for number in range(10):
                request = f"r{number}"
                making = [client.create(pb.CreateRequest(request_id=request, user_id=7, items=[item]))]
                closing = [client.close(pb.CloseRequest(request_id=request)) for _ in range(2)]
                calls = making + closing if number % 2 else closing + making
                ended = await codes(calls)
                made = ended[0 if number % 2 else 2]
                assert (made in (Code.OK, Code.FAILED_PRECONDITION), ended.count(Code.OK) >= 2) == (True, True)
                row = await order.svc.orders.find_one_by_requestid(request)
                assert (row.status, row.userid) == (60, 7 if made == Code.OK else 0)

    asyncio.run(shop())


def test_addresses_at_once_are_twenty_at_most(opened: Open) -> None:
    async def shop() -> None:
        async with opened("user") as user:
            await seeded(user)
            address = user.pb.AddressItem(name="小明", phone="138", province="浙江", city="杭州", detail="西湖 1")
            add = user.pb.AddAddressRequest(user_id=7, address=address)
            ended = await codes([user.client.add_address(add) for _ in range(25)])
            assert (ended.count(Code.OK), ended.count(Code.FAILED_PRECONDITION)) == (20, 5)
            found = (await user.client.addresses(user.pb.AddressesRequest(user_id=7))).addresses
            assert len({one.address_id for one in found}) == 20

    asyncio.run(shop())


def test_a_buyer_is_told_what_no_replica_knows_yet(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill", lags=True) as seckill, opened("cart", lags=True) as cart:
            pb, client = seckill.pb, seckill.client
            await seckill.svc.stock.insert(proid=7, price=Decimal(1), total=1, remaining=1)
            states = [(await client.buy(pb.BuyRequest(user_id=1, product_id=7))).state for _ in range(2)]
            assert states == [pb.BuyResponse.ACCEPTED, pb.BuyResponse.ALREADY]
            result = await client.result(pb.ResultRequest(user_id=1, product_id=7))
            assert result.state == pb.ResultResponse.PENDING
            await cart.client.add_item(cart.pb.AddItemRequest(user_id=1, product_id=7, quantity=1))
            assert len((await cart.client.cart_items(cart.pb.CartItemsRequest(user_id=1))).items) == 1

    asyncio.run(shop())
