"""The saga of an order; the services behind the BFF are classes of this file and keep what they are told."""

import asyncio
from typing import Any

import pytest
from mallgen_runtime.rpc import Code, RpcError
from mallgen_runtime.testing import Client, bearer, made_up_secrets

from mall_api.app import create_app
from mall_api.rpc.cart import (
    CartClient,
    CartItem,
    CartItemsRequest,
    CartItemsResponse,
    RemoveItemRequest,
    RemoveItemResponse,
)
from mall_api.rpc.order import (
    CreateRequest,
    CreateResponse,
    GetRequest,
    OrderClient,
    OrderItem,
)
from mall_api.rpc.order_queue import OrderQueueProducer, PlacedOrder
from mall_api.rpc.product import (
    ProductClient,
    ProductItem,
    ProductRequest,
    ProductResponse,
    ReleaseRequest,
    ReleaseResponse,
    ReserveRequest,
    ReserveResponse,
)
from mall_api.rpc.user import (
    AddressesRequest,
    AddressesResponse,
    AddressItem,
    UserClient,
)

WANTED = {"request_id": "a", "address_id": 3, "product_ids": [1, 2]}


class Told:
    """What the services were told, in its order, and the step that fails with a code."""

    def __init__(self, failing: str = "", code: Code = Code.OK) -> None:
        self.steps: list[str] = []
        self.made: CreateRequest | None = None
        self.failing = failing
        self.code = code

    def step(self, name: str) -> None:
        """Note a step, or fail."""
        self.steps.append(name)
        if name == self.failing:
            raise RpcError(self.code, "no")


class Orders(OrderClient):
    """Orders, of which there is one at most."""

    def __init__(self, told: Told) -> None:
        self.told = told

    async def get(self, req: GetRequest, *, timeout: float | None = None) -> OrderItem:
        if self.told.made is None or req.request_id != self.told.made.request_id:
            raise RpcError(Code.NOT_FOUND, "there is no order")
        return OrderItem(order_id="A1")

    async def create(
        self, req: CreateRequest, *, timeout: float | None = None
    ) -> CreateResponse:
        self.told.step("create")
        self.told.made = req
        return CreateResponse(order_id="A1")


class Products(ProductClient):
    """Products 1 and 2."""

    def __init__(self, told: Told) -> None:
        self.told = told

    async def products(
        self, req: ProductRequest, *, timeout: float | None = None
    ) -> ProductResponse:
        found = {n: ProductItem(product_id=n, price=f"{n}.50") for n in (1, 2)}
        return ProductResponse(products={n: found[n] for n in req.ids if n in found})

    async def reserve(
        self, req: ReserveRequest, *, timeout: float | None = None
    ) -> ReserveResponse:
        self.told.step("reserve")
        return ReserveResponse()

    async def release(
        self, req: ReleaseRequest, *, timeout: float | None = None
    ) -> ReleaseResponse:
        self.told.step("release")
        return ReleaseResponse()


class Carts(CartClient):
    """Two of each of the products 1, 2 and 3."""

    def __init__(self, told: Told) -> None:
        self.told = told

    async def cart_items(
        self, req: CartItemsRequest, *, timeout: float | None = None
    ) -> CartItemsResponse:
        items = [CartItem(product_id=n, quantity=2) for n in (1, 2, 3)]
        return CartItemsResponse(items=items)

    async def remove_item(
        self, req: RemoveItemRequest, *, timeout: float | None = None
    ) -> RemoveItemResponse:
        self.told.step(f"remove {req.product_id}")
        return RemoveItemResponse()


class Users(UserClient):
    """User 7 lives at address 3."""

    def __init__(self) -> None:
        """It calls nobody."""

    async def addresses(
        self, req: AddressesRequest, *, timeout: float | None = None
    ) -> AddressesResponse:
        return AddressesResponse(addresses=[AddressItem(address_id=3, city="杭州")])


class Queue(OrderQueueProducer):
    """Notes that a message was sent."""

    def __init__(self, told: Told) -> None:
        self.told = told

    async def placed(self, msg: PlacedOrder, *, key: str | None = None) -> None:
        self.told.step("timer")


def place(told: Told, times: int = 1, **changes: Any) -> tuple[int, Any]:
    """Place an order as user 7, so often; return the status and the values of the last answer."""

    async def talk() -> tuple[int, Any]:
        with made_up_secrets():
            app = create_app()
        app.svc.order_rpc, app.svc.product_rpc = Orders(told), Products(told)
        app.svc.cart_rpc, app.svc.user_rpc = Carts(told), Users()
        app.svc.order_queue = Queue(told)
        async with Client(app) as client:
            mine, body = bearer(app.svc.config.auth, uid=7), {**WANTED, **changes}
            for _ in range(times):
                answer = await client.post("/v1/order", json=body, headers=mine)
        return answer.status, answer.json()

    return asyncio.run(talk())


def test_the_timer_first_then_the_stock_then_the_order() -> None:
    told = Told()
    assert place(told) == (200, {"order_id": "A1"})
    assert told.steps == ["timer", "reserve", "create", "remove 1", "remove 2"]
    assert told.made is not None
    assert (told.made.request_id, told.made.receiver.city) == ("7-a", "杭州")
    items = [(item.quantity, item.price) for item in told.made.items]
    assert items == [(2, "1.50"), (2, "2.50")]


def test_who_asks_again_gets_the_order_that_there_is() -> None:
    told = Told()
    assert place(told, times=2) == (200, {"order_id": "A1"})
    assert told.steps.count("create") == told.steps.count("reserve") == 1


def test_who_asks_again_with_other_products_keeps_them_in_the_cart() -> None:
    told = Told()
    place(told, product_ids=[1])
    assert place(told, product_ids=[2]) == (200, {"order_id": "A1"})
    assert "remove 2" not in told.steps


@pytest.mark.parametrize(
    ("failing", "code", "steps"),
    [
        ("timer", Code.UNAVAILABLE, ["timer"]),
        ("reserve", Code.FAILED_PRECONDITION, ["timer", "reserve"]),
        ("reserve", Code.UNAVAILABLE, ["timer", "reserve"]),
        (
            "create",
            Code.INVALID_ARGUMENT,
            ["timer", "reserve", "create", "release"],
        ),
        # there may be an order now: its stock is not given back before the timer has closed it
        ("create", Code.DEADLINE_EXCEEDED, ["timer", "reserve", "create"]),
    ],
)
def test_a_step_that_fails(failing: str, code: Code, steps: list[str]) -> None:
    told = Told(failing, code)
    assert place(told)[0] >= 400
    assert told.steps == steps


def test_an_order_stands_though_the_cart_cannot_be_cleared() -> None:
    told = Told("remove 1", Code.UNAVAILABLE)
    assert place(told) == (200, {"order_id": "A1"})
    assert told.steps[-1] == "remove 2"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"address_id": 4}, 404),
        ({"product_ids": [1, 3]}, 409),
        ({"product_ids": [1, 9]}, 409),
        ({"product_ids": []}, 400),
        ({"request_id": ""}, 400),
    ],
)
def test_what_cannot_be_ordered(changes: dict[str, Any], status: int) -> None:
    told = Told()
    assert place(told, **changes)[0] == status
    assert told.steps == []
