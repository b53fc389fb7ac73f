# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What the logic of seckill works with."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from mallgen_runtime.cache import Allowance
from mallgen_runtime.sql import DatabaseError

from seckill_rpc.config import Config
from seckill_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.gate = Allowance(self.cache, "gate")  # how many more may try to buy
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def start(self) -> None:
        """Rebuild the gates: a process that was killed may have taken what it did not sell."""
        try:
            for row in (await self.stock.list_by_proid(limit=1000)).rows:
                await self.stock.changed(row.proid)
                await self.gate.fill(row.proid, count=row.remaining)
        except DatabaseError as problem:
            logging.getLogger(__name__).warning("the gates are as they were: %s", problem)
