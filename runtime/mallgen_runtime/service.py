"""The base of every service context."""

from typing import Generic, TypeVar

C = TypeVar("C")


class ServiceBase(Generic[C]):
    """Made once per process with the configuration; generated contexts inherit from it."""

    def __init__(self, config: C) -> None:
        self.config = config

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""

    async def close(self) -> None:
        """Release it; runs after the last request."""
