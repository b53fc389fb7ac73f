"""What the logic of mall-api works with."""

from mall_api.config import Config
from mall_api.store import Store
from mall_api.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""
        self.store = Store()

    async def close(self) -> None:
        """Release it; runs after the last request."""
