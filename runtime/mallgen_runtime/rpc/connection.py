"""The part of a transport that a channel needs: a connection to the instances of a service."""

from collections.abc import AsyncIterator
from typing import Protocol

Metadata = tuple[tuple[str, str], ...]


class Connection(Protocol):
    """Carries calls to some instances of a service, messages as bytes. Its failures are RpcErrors."""

    @property
    def connected(self) -> bool:
        """Return whether at least one instance can be reached now."""

    async def ready(self, seconds: float) -> bool:
        """Wait until one can be reached; False when none can in this time."""

    async def unary(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> bytes:
        """One request, one reply; `timeout` in seconds."""

    async def collect(self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata) -> bytes:
        """Many requests, one reply."""

    def stream(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> AsyncIterator[bytes]:
        """One request, many replies."""

    def two_way(
        self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata
    ) -> AsyncIterator[bytes]:
        """Many requests, many replies."""

    async def close(self) -> None:
        """Close; nothing is in flight any more."""
