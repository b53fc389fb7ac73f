# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What the logic of order_queue works with."""

import asyncio

from order_queue_rmq.config import Config
from order_queue_rmq.timers import Timers
from order_queue_rmq.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    async def start(self) -> None:
        """Look for orders whose time is over, beside the messages."""
        self._timers = asyncio.create_task(Timers(self).run())

    async def close(self) -> None:
        """Stop that; what was under way is repeated by the next process."""
        self._timers.cancel()
        await asyncio.wait([self._timers])
