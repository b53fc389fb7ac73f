"""Rows to try product with: `python -m product_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mallgen_runtime import load_config
from msgspec.structs import replace

from product_rpc.config import Config
from product_rpc.model.product_model_gen import ProductValues
from product_rpc.svc import ServiceContext

START = datetime.fromtimestamp(1_655_000_000, UTC)
NAMES = ("手机", "耳机", "键盘", "图书", "茶杯", "台灯")
CATEGORIES = ("数码", "家居")
PRODUCTS = 200
ON_SALE = 60  # the others were taken off the shelves


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    for name in CATEGORIES:
        await svc.category.insert(name=name)
    categories = [await svc.category.find_one_by_name(name) for name in CATEGORIES]
    ids = [category.id for category in categories if category is not None]
    await svc.product.insert_many(
        [_product(n, ids[n % 2]) for n in range(1, PRODUCTS + 1)]
    )
    await svc.banner.insert(name="618", image_url="/img/618.png", link="/p/1")
    sale = await svc.flashsale.insert(
        start_time=START, end_time=datetime(2099, 12, 31, tzinfo=UTC)
    )
    await svc.flashsaleitem.insert_many(
        [{"flashsaleid": sale, "proid": n, "position": n} for n in range(1, 11)]
    )


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/product.yaml"
    config = load_config(Config, path, package="product_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.product.list_by_id(limit=1)).rows:
            print("product: there are rows already")
        else:
            await fill(svc)
            print("product: filled")


def _product(number: int, category: int) -> ProductValues:
    made = START + timedelta(seconds=number)
    return {
        "id": number,
        "cateid": category,
        "name": "测试商品名称" if number == 1 else f"{NAMES[number % 6]} {number}",
        "subtitle": f"商品 {number} 的描述",
        "image": f"/img/{number}.png",
        "price": Decimal("9.90") + number * Decimal("3.50"),
        "stock": 1000 - number,
        "sales": number // 3,
        "status": 1 if number <= ON_SALE else 2,
        "recommend_time": made,
        "create_time": made,
        "update_time": made,
    }


if __name__ == "__main__":
    asyncio.run(main())
