"""Rows to try cart with: `python -m cart_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from mallgen_runtime import load_config
from msgspec.structs import replace

from cart_rpc.config import Config
from cart_rpc.svc import ServiceContext

START = datetime.fromtimestamp(1_655_000_000, UTC)
SIZES = {2: 2, 3: 3, 200: 200}  # of the carts of users


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    for user, size in SIZES.items():
        await svc.cartcount.insert(userid=user, items=size)
        await svc.cart.insert_many(
            [
                {
                    "userid": user,
                    "proid": n,
                    "create_time": START - timedelta(seconds=n),
                }
                for n in range(1, size + 1)
            ]
        )


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/cart.yaml"
    config = load_config(Config, path, package="cart_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.cartcount.list_by_userid(limit=1)).rows:
            print("cart: there are rows already")
        else:
            await fill(svc)
            print("cart: filled")


if __name__ == "__main__":
    asyncio.run(main())
