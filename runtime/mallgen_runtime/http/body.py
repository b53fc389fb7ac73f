"""The body of a request as it arrives: what has come and nobody has read, and how it ends."""

import asyncio

from mallgen_runtime.http.chunks import BadBody, Chunks
from mallgen_runtime.http.problems import ApiError


class Incoming:
    """`complete` when all has come; `problem` when the rest cannot be read; `waiting` bytes have not been read.

    `left` is what a body of known length lacks, 0 of a chunked one.
    """

    __slots__ = ("_chunks", "_pieces", "_waiter", "complete", "left", "problem", "waiting")

    def __init__(self, length: int) -> None:
        self.complete = length == 0
        self.left = max(length, 0)
        self.waiting = 0
        self.problem: ApiError | None = None
        self._chunks = Chunks() if length < 0 else None
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None

    def take(self, buffer: bytearray) -> int:
        """Take what belongs to the body out of the buffer; how many bytes of data it was."""
        if self._chunks is not None:
            try:
                piece = b"".join(self._chunks.feed(buffer))
            except BadBody:
                self.spoil(ApiError(400, "bad_request", "the body's chunks are broken"))
                return 0
            self.complete = self._chunks.done
        else:
            piece = bytes(buffer[: self.left])
            del buffer[: self.left]
            self.left -= len(piece)
            self.complete = self.left == 0
        if piece and self.problem is None:
            self._pieces.append(piece)
            self.waiting += len(piece)
        self.wake()
        return len(piece)

    def spoil(self, problem: ApiError) -> None:
        """The rest cannot be read: its reader is told."""
        self.problem = problem
        self.wake()

    def wake(self) -> None:
        """Who waits for more has to look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def has_news(self) -> bool:
        """Whether a reader need not wait."""
        return bool(self._pieces) or self.complete or self.problem is not None

    async def more(self) -> None:
        """Wait until something has come, or happened."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def read(self) -> bytes:
        """What has come. Raises ApiError when the rest cannot be read."""
        if self.problem is not None:
            raise self.problem
        found = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self.drop()
        return found

    def drop(self) -> None:
        """Forget what has come."""
        self._pieces.clear()
        self.waiting = 0


NOTHING = Incoming(0)
