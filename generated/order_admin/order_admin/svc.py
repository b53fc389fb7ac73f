# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What the logic of order_admin works with."""

from mallgen_runtime.admin import Accounts

from order_admin.config import Config
from order_admin.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.admin_accounts = Accounts(self.db, config, config.auth, config.accounts)
        for middleware in self.admin_accounts.middlewares:
            self.use(middleware)

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""

    async def close(self) -> None:
        """Release it; runs after the last request."""
