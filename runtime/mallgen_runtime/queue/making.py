"""Topics that are missing, made before something is sent to them."""

import asyncio
import time

from mallgen_runtime.queue.link import Queue

_AGAIN = 5.0  # seconds between looks for a topic that was there; a queue that is down is not asked for each message


class MissingTopics:
    """Makes the topics that are missing, each with so many partitions; again where one was deleted."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._lock = asyncio.Lock()
        self._lasts: dict[str, float] = {}  # monotonic time until which a topic is taken for there

    async def make(self, queue: Queue, topic: str) -> None:
        """Make a topic, unless it is known to be there. Raises ResourceError."""
        if self._is_there(topic):
            return
        async with self._lock:
            if self._is_there(topic):
                return
            if topic in self._lasts:
                self._lasts[topic] = time.monotonic() + _AGAIN
            await queue.create({topic: self._partitions})
            self._lasts[topic] = float("inf")

    def doubt(self, topic: str) -> None:
        """Take note that nothing could be written to a topic: somebody may have deleted it."""
        if self._lasts.get(topic) == float("inf"):
            self._lasts[topic] = 0.0

    def _is_there(self, topic: str) -> bool:
        return time.monotonic() < self._lasts.get(topic, 0.0)
