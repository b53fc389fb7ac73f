"""Stock that is reserved for orders, on a database in memory."""

import asyncio
from collections.abc import Awaitable, Callable

from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from product_rpc.app import create_app
from product_rpc.client import (
    ProductClient,
    ProductRequest,
    ReleaseRequest,
    ReserveItem,
    ReserveRequest,
)
from product_rpc.config import Config


def run(test: Callable[[ProductClient], Awaitable[None]]) -> None:
    """Run a test with a client of the service, which has ten of product 1 and 2, and has taken 3 off the shelf."""

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="product.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            for number, status in ((1, 1), (2, 1), (3, 2)):
                await app.svc.product.insert(
                    id=number, cateid=1, name="a", stock=10, status=status
                )
            await test(ProductClient(channel))

    asyncio.run(talk())


async def code(call: Awaitable[object]) -> Code:
    """Return how a call ended."""
    try:
        await call
    except RpcError as problem:
        return problem.code
    return Code.OK


async def stocks(client: ProductClient) -> list[int]:
    """Return the stocks of products 1, 2 and 3."""
    found = (await client.products(ProductRequest(ids=[1, 2, 3]))).products
    return [found[number].stock for number in (1, 2, 3)]


def wanted(request: str, *items: tuple[int, int]) -> ReserveRequest:
    """Return a request for items, each a product and a quantity."""
    return ReserveRequest(
        request_id=request,
        items=[ReserveItem(product_id=p, quantity=q) for p, q in items],
    )


def test_a_request_reserves_once_and_is_given_back_once() -> None:
    async def test(client: ProductClient) -> None:
        for _ in range(2):
            await client.reserve(wanted("a", (2, 1), (1, 3), (2, 1)))
            assert await stocks(client) == [7, 8, 10]
        assert (await client.release(ReleaseRequest(request_id="a"))).released
        assert not (await client.release(ReleaseRequest(request_id="a"))).released
        assert await stocks(client) == [10, 10, 10]
        again = await code(client.reserve(wanted("a", (1, 1))))
        assert (again, await stocks(client)) == (Code.FAILED_PRECONDITION, [10, 10, 10])

    run(test)


def test_a_request_cannot_reserve_other_items_than_at_first() -> None:
    async def test(client: ProductClient) -> None:
        await client.reserve(wanted("a", (1, 3)))
        for items in ([(1, 4)], [(2, 3)], [(1, 3), (2, 1)]):
            other = await code(client.reserve(wanted("a", *items)))
            assert (other, await stocks(client)) == (
                Code.FAILED_PRECONDITION,
                [7, 10, 10],
            )
        await client.reserve(wanted("a", (1, 2), (1, 1)))
        assert await stocks(client) == [7, 10, 10]

    run(test)


def test_all_or_nothing() -> None:
    async def test(client: ProductClient) -> None:
        for items in ([(1, 5), (2, 11)], [(1, 1), (3, 1)], [(1, 1), (9, 1)]):
            short = await code(client.reserve(wanted("a", *items)))
            assert short == Code.FAILED_PRECONDITION
        assert await stocks(client) == [10, 10, 10]
        for request in (wanted("a"), wanted("", (1, 1)), wanted("a", (1, 0))):
            assert await code(client.reserve(request)) == Code.INVALID_ARGUMENT
        await client.reserve(wanted("a", (1, 10)))
        assert await stocks(client) == [0, 10, 10]

    run(test)


def test_a_reservation_that_comes_after_its_release_takes_nothing() -> None:
    async def test(client: ProductClient) -> None:
        assert not (await client.release(ReleaseRequest(request_id="a"))).released
        late = await code(client.reserve(wanted("a", (1, 1))))
        assert (late, await stocks(client)) == (Code.FAILED_PRECONDITION, [10, 10, 10])

    run(test)


def test_many_at_once_never_take_more_than_there_is() -> None:
    async def test(client: ProductClient) -> None:
        calls = [client.reserve(wanted(str(n), (1, 1), (2, 1))) for n in range(30)]
        ended = await asyncio.gather(*map(code, calls))
        assert ended.count(Code.OK) == 10
        assert await stocks(client) == [0, 0, 10]

    run(test)
