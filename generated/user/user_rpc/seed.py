"""Rows to try user with: `python -m user_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys

from mallgen_runtime import load_config
from msgspec.structs import replace

from user_rpc.config import Config
from user_rpc.passwords import hashed
from user_rpc.svc import ServiceContext


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    password = await hashed("correct horse battery staple")
    await svc.user.insert(
        id=7, username="小明", password=password, avatar="/avatar/7.png"
    )
    await svc.user.insert(
        id=8, username="小红", password=password, avatar="/avatar/8.png"
    )


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/user.yaml"
    config = load_config(Config, path, package="user_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.user.list_by_id(limit=1)).rows:
            print("user: there are rows already")
        else:
            await fill(svc)
            print("user: filled")


if __name__ == "__main__":
    asyncio.run(main())
