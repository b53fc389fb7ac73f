"""The body of a request as it arrives: the part that is not read yet, and how it ends."""

import asyncio

from mallgen_runtime.http.chunks import BadBody, Chunks
from mallgen_runtime.http.problems import ApiError


class Incoming:
    """A body: `complete` when all of it has come, `problem` when the rest cannot be read, `waiting` bytes not read yet.

    `left` are the bytes that a body of known length still lacks, 0 of a chunked one.
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
        """Take what belongs to the body out of the buffer; return its bytes of data."""
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
        """Mark the rest as unreadable and wake its reader."""
        self.problem = problem
        self.wake()

    def wake(self) -> None:
        """Wake the reader that waits for more."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def has_news(self) -> bool:
        """Return whether a reader need not wait."""
        return bool(self._pieces) or self.complete or self.problem is not None

    async def more(self) -> None:
        """Wait until data has come or the body has ended."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def read(self) -> bytes:
        """Return what has come. Raises ApiError when the rest cannot be read."""
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
