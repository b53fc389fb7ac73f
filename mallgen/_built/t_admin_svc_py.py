"""Built by scripts/build_tables.py from templates/admin/svc.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom mallgen_runtime.admin import Accounts, Pictures\n\nfrom {package}.config import Config\nfrom {package}.wiring import BaseContext\n\n\nclass ServiceContext(BaseContext[Config]):\n    """Made once per process; `self.config` holds the settings."""\n\n    def __init__(self, config: Config) -> None:\n        super().__init__(config)\n        self.admin_accounts = Accounts(self.db, config, config.auth, config.accounts)\n        for middleware in self.admin_accounts.middlewares:\n            self.use(middleware)\n        self.admin_pictures = Pictures(config.pictures)\n\n    async def start(self) -> None:\n        """Open what the service needs; runs before the first request."""\n\n    async def close(self) -> None:\n        """Release it; runs after the last request."""\n')
    return "".join(parts)
