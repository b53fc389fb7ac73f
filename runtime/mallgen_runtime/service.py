"""The base of every service context."""

from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

C = TypeVar("C")


class Closing(Protocol):
    """Something with an asynchronous `close`."""

    async def close(self) -> None:
        """Release it."""


R = TypeVar("R", bound=Closing)


class ServiceBase(Generic[C]):
    """Made once per process with the configuration; generated contexts inherit from it."""

    def __init__(self, config: C) -> None:
        self.config = config
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def closing(self, resource: R) -> R:
        """Keep a resource of the generated half, to be closed after `close`."""
        self._closers.append(resource.close)
        return resource

    async def open(self) -> None:
        """What the runtime calls: `start`."""
        await self.start()

    async def shut(self) -> None:
        """What the runtime calls: `close`, then the resources of the generated half, last first."""
        try:
            await self.close()
        finally:
            for close in reversed(self._closers):
                await close()

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""

    async def close(self) -> None:
        """Release it; runs after the last request."""
