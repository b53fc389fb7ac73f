"""A flash sale begins and ends: for buyers, for whoever asks what became of it, and in the list of the article."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime import issue_token
from mallgen_runtime.http.conf import JwtConf
from mallgen_runtime.rpc import Code
from tests.parts import wait_for
from tests.run.service import SECRET, Service
from tests.run.shop import Shop
from tests.run.test_shop_tables import Open, codes

START = datetime(2026, 11, 11, tzinfo=UTC)
END = START + timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


def test_a_sale_begins_at_its_start_and_is_over_at_its_end(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, svc, client = seckill.pb, seckill.svc, seckill.client
            bought, result = pb.BuyResponse, pb.ResultResponse
            times = {"start_time": START, "end_time": END}
            await svc.stock.insert(proid=7, price=Decimal(1), total=9, remaining=9, **times)

            async def at(now: datetime, user: int) -> tuple[Any, Any]:
                svc.now = lambda: now
                asked = await client.result(pb.ResultRequest(user_id=user, product_id=7))
                return asked.state, (await client.buy(pb.BuyRequest(user_id=user, product_id=7))).state

            assert await at(START - MOMENT, 1) == (result.NOT_STARTED, bought.NOT_STARTED)
            assert await at(START, 1) == (result.NOT_ASKED, bought.ACCEPTED)
            assert await at(END - MOMENT, 2) == (result.NOT_ASKED, bought.ACCEPTED)
            assert await at(END, 3) == (result.ENDED, bought.ENDED)
            assert await at(END, 2) == (result.PENDING, bought.ALREADY), "the answer to the first click may be lost"
            assert (await svc.stock.find_one(7)).remaining == 7

    asyncio.run(shop())


def test_a_start_or_an_end_may_be_missing(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, svc, wanted = seckill.pb, seckill.svc, seckill.pb.BuyResponse
            times = {1: {}, 2: {"start_time": START}, 3: {"end_time": END}}
            for number, has in times.items():
                await svc.stock.insert(proid=number, price=Decimal(1), total=9, remaining=9, **has)

            async def at(now: datetime, user: int) -> list[Any]:
                svc.now = lambda: now
                clicks = [pb.BuyRequest(user_id=user, product_id=number) for number in times]
                return [one.state for one in await asyncio.gather(*map(seckill.client.buy, clicks))]

            assert await at(START - MOMENT, 1) == [wanted.ACCEPTED, wanted.NOT_STARTED, wanted.ACCEPTED]
            assert await at(END, 2) == [wanted.ACCEPTED, wanted.ACCEPTED, wanted.ENDED]
            asking = [pb.TimesRequest(product_ids=[1, 2, 3, 4]), pb.TimesRequest(product_ids=range(201))]
            sales = (await seckill.client.times(asking[0])).sales
            start, end = int(START.timestamp()), int(END.timestamp())
            found = [(one.product_id, one.start_time, one.end_time, one.has_ended) for one in sales]
            assert found == [(1, 0, 0, False), (2, start, 0, False), (3, 0, end, True)]
            assert await codes([seckill.client.times(asking[1])]) == [Code.INVALID_ARGUMENT]

    asyncio.run(shop())


def test_who_comes_early_takes_nothing_from_the_gate(opened: Open) -> None:
    async def shop() -> None:
        async with opened("seckill") as seckill:
            pb, svc = seckill.pb, seckill.svc
            await svc.stock.insert(proid=7, price=Decimal(1), total=2, remaining=2, start_time=START)
            await svc.gate.fill(7, count=2)

            async def crowd(now: datetime) -> list[Any]:
                svc.now = lambda: now
                clicks = [pb.BuyRequest(user_id=user, product_id=7) for user in range(50)]
                return [one.state for one in await asyncio.gather(*map(seckill.client.buy, clicks))]

            assert {*await crowd(START - MOMENT)} == {pb.BuyResponse.NOT_STARTED}
            assert [await svc.gate.take(7) for _ in range(3)] == [True, True, False]
            await svc.gate.fill(7, count=2)
            states = await crowd(START)
            assert (states.count(pb.BuyResponse.ACCEPTED), states.count(pb.BuyResponse.SOLD_OUT)) == (2, 48)

    asyncio.run(shop())


def set_times(shop: Shop, product: int, **times: datetime) -> None:
    """Give the sale of a product its times, before seckill.rpc starts."""
    with sqlite3.connect(shop.root / "shop" / "seckill" / "data" / "seckill.db") as database:
        for column, value in times.items():
            text = value.strftime("%Y-%m-%d %H:%M:%S")
            database.execute(f"UPDATE stock SET {column} = ? WHERE proid = ?", (text, product))


def clicked(mall: Service, product: int) -> tuple[str, str]:
    """Click once, and ask; return both states."""
    token = issue_token(JwtConf(access_secret=SECRET, access_expire=3600), uid=7)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"product_id": product}).encode()
    bought = mall.request("POST", "/v1/flashsale/buy", body=body, headers=headers).json()
    asked = mall.request("GET", f"/v1/flashsale/result?product_id={product}", headers=headers).json()
    return bought["state"], asked["state"]


@pytest.mark.slow
def test_the_list_says_when_a_click_is_no_longer_too_early(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    now = datetime.now(UTC).replace(microsecond=0)
    later, before = now + timedelta(hours=1), now - timedelta(hours=1)
    set_times(shop, 1, start_time=later)
    set_times(shop, 2, end_time=before)
    with shop.rpc("product"), shop.mall() as mall:

        def listed() -> tuple[int, list[int]]:
            wait_for(lambda: mall.get("/v1/flashsale").status == 200, "the BFF finds seckill.rpc", 20)
            found = mall.get("/v1/flashsale").json()
            return found["start_time"], [one["id"] for one in found["products"]][:2]

        with shop.rpc("seckill"):
            assert listed() == (later.timestamp(), [1, 3])
            assert clicked(mall, 2) == ("ended", "ended")
            assert clicked(mall, 1) == ("not_started", "not_started")
        set_times(shop, 1, start_time=before)
        with shop.rpc("seckill"):
            assert listed() == (before.timestamp(), [1, 3])
            assert clicked(mall, 1) == ("accepted", "pending")
