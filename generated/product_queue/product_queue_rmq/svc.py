# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What the logic of product_queue works with."""

from product_queue_rmq.config import Config
from product_queue_rmq.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""

    async def close(self) -> None:
        """Release it; runs after the last request."""
