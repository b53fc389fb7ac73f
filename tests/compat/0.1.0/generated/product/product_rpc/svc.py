"""What the logic of product works with."""

from product_rpc.config import Config
from product_rpc.store import Store
from product_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""
        self.store = Store()

    async def close(self) -> None:
        """Release it; runs after the last request."""
