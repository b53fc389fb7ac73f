"""The flash sale as the list of the BFF has it; product.rpc and seckill.rpc are classes of this file."""

import asyncio
from typing import Any

from mallgen_runtime.testing import Client, made_up_secrets

from mall_api.app import create_app
from mall_api.rpc.product import (
    CurrentSaleRequest,
    CurrentSaleResponse,
    ProductClient,
    ProductItem,
)
from mall_api.rpc.seckill import SaleTimes, SeckillClient, TimesRequest, TimesResponse

ANNOUNCED = 1000


class Products(ProductClient):
    """Announces three products."""

    def __init__(self) -> None:
        pass

    async def current_sale(
        self, req: CurrentSaleRequest, *, timeout: float | None = None
    ) -> CurrentSaleResponse:
        products = [ProductItem(product_id=number) for number in (1, 2, 3)]
        return CurrentSaleResponse(start_time=ANNOUNCED, products=products)


class Sale(SeckillClient):
    """Has these times."""

    def __init__(self, *sales: SaleTimes) -> None:
        self.sales = sales

    async def times(
        self, req: TimesRequest, *, timeout: float | None = None
    ) -> TimesResponse:
        assert req.product_ids == [1, 2, 3]
        return TimesResponse(sales=self.sales)


def listed(*sales: SaleTimes) -> tuple[int, list[int]]:
    """Return the start and the products of the list."""

    async def talk() -> Any:
        with made_up_secrets():
            app = create_app()
        app.svc.product_rpc, app.svc.seckill_rpc = Products(), Sale(*sales)
        async with Client(app) as client:
            return (await client.get("/v1/flashsale")).json()

    found = asyncio.run(talk())
    return found["start_time"], [product["id"] for product in found["products"]]


def test_the_times_of_the_sale_count() -> None:
    early = SaleTimes(product_id=1, start_time=2000)
    late = SaleTimes(product_id=2, start_time=3000)
    assert listed(late, early) == (2000, [1, 2, 3])


def test_a_sale_without_times_begins_as_it_is_announced() -> None:
    assert listed(SaleTimes(product_id=1)) == (ANNOUNCED, [1, 2, 3])


def test_what_is_over_is_not_shown() -> None:
    over = SaleTimes(product_id=2, start_time=500, end_time=600, has_ended=True)
    assert listed(over, SaleTimes(product_id=3, start_time=2000)) == (2000, [1, 3])
