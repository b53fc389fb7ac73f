"""The routes of a user who has logged in; the services behind the BFF are classes of this file."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import Client, bearer, made_up_secrets

from mall_api.app import create_app
from mall_api.rpc.cart import (
    AddItemRequest,
    AddItemResponse,
    CartClient,
    RemoveItemRequest,
    RemoveItemResponse,
    SetQuantityRequest,
    SetQuantityResponse,
)
from mall_api.rpc.product import (
    ProductClient,
    ProductItem,
    ProductRequest,
    ProductResponse,
)
from mall_api.rpc.user import (
    AddAddressRequest,
    AddAddressResponse,
    AddressesRequest,
    AddressesResponse,
    AddressItem,
    LoginRequest,
    LoginResponse,
    RemoveAddressRequest,
    RemoveAddressResponse,
    UserClient,
)
from mall_api.svc import ServiceContext


class Products(ProductClient):
    """Product 1 is sold, 2 is not, and there is no other."""

    def __init__(self) -> None:
        """It calls nobody."""

    async def products(
        self, req: ProductRequest, *, timeout: float | None = None
    ) -> ProductResponse:
        known = {n: ProductItem(product_id=n, price="9.90", status=n) for n in (1, 2)}
        return ProductResponse(products={n: known[n] for n in req.ids if n in known})


class Users(UserClient):
    """User 7, whose password is `right`, and the addresses that were added."""

    def __init__(self) -> None:
        self.addresses_of: dict[int, dict[int, AddressItem]] = {}

    async def login(
        self, req: LoginRequest, *, timeout: float | None = None
    ) -> LoginResponse:
        if req.password != "right":
            raise RpcError(Code.UNAUTHENTICATED, "the password is wrong")
        return LoginResponse(user_id=7)

    async def addresses(
        self, req: AddressesRequest, *, timeout: float | None = None
    ) -> AddressesResponse:
        mine = self.addresses_of.get(req.user_id, {})
        return AddressesResponse(addresses=mine.values())

    async def add_address(
        self, req: AddAddressRequest, *, timeout: float | None = None
    ) -> AddAddressResponse:
        mine = self.addresses_of.setdefault(req.user_id, {})
        req.address.address_id = len(mine) + 1
        mine[req.address.address_id] = req.address
        return AddAddressResponse(address_id=req.address.address_id)

    async def remove_address(
        self, req: RemoveAddressRequest, *, timeout: float | None = None
    ) -> RemoveAddressResponse:
        mine = self.addresses_of.get(req.user_id, {})
        return RemoveAddressResponse(removed=mine.pop(req.address_id, None) is not None)


class Carts(CartClient):
    """Carts in a dictionary by user and product."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, int], int] = {}

    async def add_item(
        self, req: AddItemRequest, *, timeout: float | None = None
    ) -> AddItemResponse:
        key = (req.user_id, req.product_id)
        self.counts[key] = self.counts.get(key, 0) + req.quantity
        return AddItemResponse(quantity=self.counts[key])

    async def set_quantity(
        self, req: SetQuantityRequest, *, timeout: float | None = None
    ) -> SetQuantityResponse:
        self.counts[req.user_id, req.product_id] = req.quantity
        return SetQuantityResponse()

    async def remove_item(
        self, req: RemoveItemRequest, *, timeout: float | None = None
    ) -> RemoveItemResponse:
        gone = self.counts.pop((req.user_id, req.product_id), None)
        return RemoveItemResponse(removed=gone is not None)


def run(test: Callable[[Client[ServiceContext]], Awaitable[None]]) -> None:
    """Run a test with a client of the BFF, behind which these services stand."""

    async def talk() -> None:
        with made_up_secrets():
            app = create_app()
        app.svc.product_rpc = Products()
        app.svc.user_rpc = Users()
        app.svc.cart_rpc = Carts()
        async with Client(app) as client:
            await test(client)

    asyncio.run(talk())


def test_product_detail() -> None:
    async def test(client: Client[ServiceContext]) -> None:
        assert (await client.get("/v1/product/1")).json()["price"] == "9.90"
        assert (await client.get("/v1/product/2")).json()["status"] == 2
        assert (await client.get("/v1/product/3")).status == 404

    run(test)


def test_the_token_of_a_login_opens_the_routes_of_its_user() -> None:
    async def test(client: Client[ServiceContext]) -> None:
        body = {"username": "a", "password": "wrong"}
        assert (await client.post("/v1/user/login", json=body)).status == 401
        body["password"] = "right"
        mine = (await client.post("/v1/user/login", json=body)).json()
        assert (mine["uid"], mine["access_expire"] > time.time()) == (7, True)
        headers = {"Authorization": f"Bearer {mine['access_token']}"}
        assert (await client.get("/v1/address", headers=headers)).status == 200
        assert (await client.get("/v1/address")).status == 401

    run(test)


def test_a_cart() -> None:
    async def test(client: Client[ServiceContext]) -> None:
        mine = bearer(client.svc.config.auth, uid=7)
        for product, status in ((1, 200), (2, 409), (3, 404)):
            body = {"product_id": product, "count": 2}
            answer = await client.post("/v1/cart", json=body, headers=mine)
            assert answer.status == status
        answer = await client.request(
            "PUT", "/v1/cart/1", json={"count": 5}, headers=mine
        )
        assert answer.json() == {"count": 5}
        answer = await client.post("/v1/cart", json={"product_id": 1}, headers=mine)
        assert answer.json() == {"count": 6}
        wrong = await client.request(
            "PUT", "/v1/cart/1", json={"count": 0}, headers=mine
        )
        assert wrong.status == 400
        carts = client.svc.cart_rpc
        assert isinstance(carts, Carts)
        assert carts.counts == {(7, 1): 6}
        assert (
            await client.request("DELETE", "/v1/cart/1", headers=mine)
        ).status == 200
        assert not carts.counts

    run(test)


def test_addresses() -> None:
    async def test(client: Client[ServiceContext]) -> None:
        mine = bearer(client.svc.config.auth, uid=7)
        home = {"name": "小明", "phone": "138", "province": "浙江", "city": "杭州"}
        wrong = await client.post("/v1/address", json=home, headers=mine)
        assert (wrong.status, wrong.json()["errors"][0]["name"]) == (400, "detail")
        home["detail"] = "西湖 1"
        added = await client.post("/v1/address", json=home, headers=mine)
        found = (await client.get("/v1/address", headers=mine)).json()["addresses"]
        assert found == [{"id": added.json()["id"], **home, "district": ""}]
        assert (
            await client.request("DELETE", "/v1/address/1", headers=mine)
        ).status == 200
        found = (await client.get("/v1/address", headers=mine)).json()["addresses"]
        assert found == []

    run(test)
