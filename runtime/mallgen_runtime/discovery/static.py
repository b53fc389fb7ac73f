"""Discovery by the addresses in the settings."""

from collections.abc import Callable, Sequence

from mallgen_runtime.discovery import OK


class StaticResolver:
    """Always the same addresses."""

    state = OK

    def __init__(self, endpoints: Sequence[str]) -> None:
        self.addresses = tuple(sorted(endpoints))

    async def start(self, changed: Callable[[], None]) -> None:
        """Nothing to follow."""

    async def close(self) -> None:
        """Nothing to stop."""
