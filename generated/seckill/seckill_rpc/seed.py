"""Rows to try seckill with: `python -m seckill_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys
from decimal import Decimal

from mallgen_runtime import load_config
from msgspec.structs import replace

from seckill_rpc.config import Config
from seckill_rpc.svc import ServiceContext

ITEMS = {1: 100, 2: 10}  # of products


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    for product, count in ITEMS.items():
        price = Decimal("9.90") * product
        await svc.stock.insert(
            proid=product, price=price, total=count, remaining=count
        )


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/seckill.yaml"
    config = load_config(Config, path, package="seckill_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.stock.list_by_proid(limit=1)).rows:
            print("seckill: there are rows already")
        else:
            await fill(svc)
            print("seckill: filled")


if __name__ == "__main__":
    asyncio.run(main())
