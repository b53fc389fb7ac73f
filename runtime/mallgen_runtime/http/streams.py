"""The body of a request piece by piece: unpacked, its size bounded, no faster than it is taken."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from mallgen_runtime.http.problems import ApiError, ClientGone, too_large

_PIECE = 64 << 10
_FED, MEMBERS = 16 << 10, 1000  # what is behind the end of a member is copied: not all of the body each time


async def pieces(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]], most: int, encoding: str, unpacks: bool
) -> AsyncIterator[bytes]:
    """Yield a body as it comes, no faster than this is iterated; `most` counts unpacked bytes.

    Raises a 413 beyond it, and ClientGone when the rest never comes.
    """
    unpacker = Unpacker(encoding, unpacks)
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)
        for piece in unpacker.feed(message.get("body", b"")):
            size += len(piece)
            if size > most:
                raise too_large(most)
            yield piece
    if size or unpacker.begun:
        unpacker.end()


class Unpacker:
    """Gzip as it comes, in pieces of a bounded size, so that a bomb is noticed before it has gone off.

    A file may have several members one after the other (RFC 1952 section 2.2): all are read, up to a thousand.
    """

    def __init__(self, encoding: str, unpacks: bool) -> None:
        self.begun = False
        self._encoding = encoding
        self._unpacks = unpacks
        self._gzip = zlib.decompressobj(wbits=31) if encoding == "gzip" and unpacks else None
        self._members = 1

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the unpacked pieces of received bytes. Raises a 415 for an unknown encoding, a 400 for broken gzip."""
        if not data:
            return
        self.begun = True
        if self._encoding == "identity":
            yield data
            return
        if self._gzip is None:
            raise unknown_encoding(self._encoding, self._unpacks)
        for start in range(0, len(data), _FED):
            yield from self._unpacked(data[start : start + _FED])

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        assert self._gzip is not None
        while data:
            if self._gzip.eof:
                self._gzip = zlib.decompressobj(wbits=31)
                self._members += 1
            try:
                piece = self._gzip.decompress(data, _PIECE)
            except zlib.error:
                raise ApiError(400, "bad_request", "the body is not gzip") from None
            if self._members > MEMBERS:
                raise ApiError(400, "bad_request", f"the body has more than {MEMBERS} gzip members")
            data = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
            if piece:
                yield piece

    def end(self) -> None:
        """Raise a 400 when packed data has no end."""
        if self._gzip is not None and not self._gzip.eof:
            raise ApiError(400, "bad_request", "the body is not gzip: it ends too early")


def unknown_encoding(encoding: str, unpacks: bool) -> ApiError:
    """Return the 415 for an encoding that is not understood."""
    known = "gzip is" if unpacks else "no encoding is"
    return ApiError(415, "unknown_encoding", f"the body is encoded as {encoding}; {known} understood")
