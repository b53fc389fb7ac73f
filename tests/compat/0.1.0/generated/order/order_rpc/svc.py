"""What the logic of order works with."""

from order_rpc.config import Config
from order_rpc.store import Store
from order_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""
        self.store = Store()

    async def close(self) -> None:
        """Release it; runs after the last request."""
