"""Rows to try order with: `python -m order_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mallgen_runtime import load_config
from msgspec.structs import replace

from order_rpc.config import Config
from order_rpc.model.orderitem_model_gen import OrderitemValues
from order_rpc.model.orders_model_gen import OrdersValues
from order_rpc.svc import ServiceContext

NEWEST, PLACED = 20220609123456, datetime.fromtimestamp(1_654_749_296, UTC)
PRICE = Decimal("12.25")
GONE = 999  # a product that is no longer there
USERS = {123: "", 1: "1-", 7: "7-", 404: "404-"}


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    for user, prefix in USERS.items():
        numbers = range(40)
        await svc.orders.insert_many(
            [
                _order(user, f"{prefix}{NEWEST - n}", n, PLACED - timedelta(seconds=n))
                for n in numbers
            ]
        )
        await svc.orderitem.insert_many(
            [_goods(user, f"{prefix}{NEWEST - n}", n) for n in numbers]
        )
    # twelve orders within three seconds: pages must not lose those of one second
    hasty = [
        (f"500-{NEWEST - n}", n, PLACED - timedelta(seconds=n // 4)) for n in range(12)
    ]
    await svc.orders.insert_many([_order(500, id, n, time) for id, n, time in hasty])
    await svc.orderitem.insert_many([_goods(500, id, n) for id, n, _ in hasty])


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/order.yaml"
    config = load_config(Config, path, package="order_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.orders.list_by_id(limit=1)).rows:
            print("order: there are rows already")
        else:
            await fill(svc)
            print("order: filled")


def _order(user: int, id: str, number: int, time: datetime) -> OrdersValues:
    return {
        "id": id,
        "requestid": id,
        "userid": user,
        "payment": PRICE * (1 + number % 3),
        "status": 10 + number % 3 * 10,
        "create_time": time,
        "update_time": time,
    }


def _goods(user: int, id: str, number: int) -> OrderitemValues:
    product, quantity = GONE if user == 404 else 1 + number % 60, 1 + number % 3
    return {
        "orderid": id,
        "userid": user,
        "proid": product,
        "proname": f"商品 {product}",
        "currentunitprice": PRICE,
        "quantity": quantity,
        "totalprice": PRICE * quantity,
    }


if __name__ == "__main__":
    asyncio.run(main())
