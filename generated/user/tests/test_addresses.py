"""Addresses of users on a database in memory."""

import asyncio
from collections.abc import Awaitable, Callable

from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.sql import DataSourceConf
from mallgen_runtime.testing import Local

from user_rpc.app import create_app
from user_rpc.client import (
    AddAddressRequest,
    AddressesRequest,
    AddressItem,
    RemoveAddressRequest,
    UserClient,
)
from user_rpc.config import Config
from user_rpc.seed import fill

HOME = AddressItem(
    name="小明", phone="138", province="浙江", city="杭州", detail="西湖 1"
)


def run(test: Callable[[UserClient], Awaitable[None]]) -> None:
    """Run a test with a client of the service."""

    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        app = create_app(Config(name="user.rpc", mode="test", data_source=source))
        async with Local(app) as channel:
            await fill(app.svc)
            await test(UserClient(channel))

    asyncio.run(talk())


async def code(call: Awaitable[object]) -> Code:
    """Return how a call ended."""
    try:
        await call
    except RpcError as problem:
        return problem.code
    return Code.OK


def test_an_address_is_added_listed_and_removed() -> None:
    async def test(client: UserClient) -> None:
        added = await client.add_address(AddAddressRequest(user_id=7, address=HOME))
        (found,) = (await client.addresses(AddressesRequest(user_id=7))).addresses
        assert (found.address_id, found.city) == (added.address_id, "杭州")
        theirs = RemoveAddressRequest(user_id=8, address_id=added.address_id)
        assert not (await client.remove_address(theirs)).removed
        mine = RemoveAddressRequest(user_id=7, address_id=added.address_id)
        assert (await client.remove_address(mine)).removed
        assert not (await client.remove_address(mine)).removed
        assert not (await client.addresses(AddressesRequest(user_id=7))).addresses

    run(test)


def test_of_two_adds_at_nineteen_one_wins() -> None:
    async def test(client: UserClient) -> None:
        add = AddAddressRequest(user_id=7, address=HOME)
        for _ in range(19):
            await client.add_address(add)
        both = await asyncio.gather(*(code(client.add_address(add)) for _ in range(2)))
        assert sorted(both) == [Code.OK, Code.FAILED_PRECONDITION]
        assert (
            len((await client.addresses(AddressesRequest(user_id=7))).addresses) == 20
        )

    run(test)


def test_a_user_that_there_is_not_has_no_address() -> None:
    async def test(client: UserClient) -> None:
        add = AddAddressRequest(user_id=9, address=HOME)
        assert await code(client.add_address(add)) == Code.NOT_FOUND
        assert not (await client.addresses(AddressesRequest(user_id=9))).addresses

    run(test)
