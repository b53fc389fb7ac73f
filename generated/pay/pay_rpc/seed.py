"""Rows to try pay with: `python -m pay_rpc.seed [FILE]` puts them into an empty database; FILE has the settings."""

import asyncio
import sys
from decimal import Decimal

from mallgen_runtime import load_config
from msgspec.structs import replace

from pay_rpc.config import Config
from pay_rpc.model.payinfo_model import PAID, SIMULATED
from pay_rpc.svc import ServiceContext


async def fill(svc: ServiceContext) -> None:
    """Insert the rows."""
    await svc.payinfo.insert(
        orderid="20220609123455",
        userid=123,
        payplatform=SIMULATED,
        platformnumber="1",
        payment=Decimal("24.50"),
        platformstatus=PAID,
    )


async def main() -> None:
    """Open the service's database, which dev mode makes where it is a file of SQLite, and fill it once."""
    path = sys.argv[1] if len(sys.argv) > 1 else "etc/pay.yaml"
    config = load_config(Config, path, package="pay_rpc")
    async with ServiceContext(replace(config, mode="dev")) as svc:
        if (await svc.payinfo.list_by_id(limit=1)).rows:
            print("pay: there are rows already")
        else:
            await fill(svc)
            print("pay: filled")


if __name__ == "__main__":
    asyncio.run(main())
