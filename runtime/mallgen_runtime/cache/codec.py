"""The bytes of an entry: maker, fingerprint of the columns, kind, and the value in MessagePack."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

_MAKER = b"mg\x01"
_VALUE, _ABSENT = b"v", b"a"
_ENCODER = msgspec.msgpack.Encoder()


class Found(NamedTuple):
    """An entry that was read; `absent` is the whole of one that says that there is nothing, else None."""

    value: Any
    absent: bytes | None = None


class Codec:
    """Writes and reads the values of one type. Entries of other makers, types or columns are not read.

    `head` begins every entry of it.
    """

    def __init__(self, kind: Any, description: str) -> None:
        self.head = _MAKER + hashlib.blake2b(description.encode(), digest_size=6).digest()
        self._value = self.head + _VALUE
        self._start = len(self._value)
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def written(self, value: Any) -> bytes | None:
        """Return the entry of a value, None for one that cannot be kept: a JSON number of more than 64 bits."""
        try:
            return self._value + _ENCODER.encode(value)
        except (OverflowError, TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return None

    def absent(self, asked: Any) -> bytes | None:
        """Return the entry that says that there is nothing, and what was looked for."""
        try:
            return self.head + _ABSENT + _ENCODER.encode(asked)
        except (OverflowError, TypeError, ValueError, msgspec.MsgspecError):
            return None

    def read(self, entry: bytes | None) -> Found | None:
        """Return what an entry says, None for one that is not ours."""
        if entry is None:
            return None
        try:
            if entry.startswith(self._value):
                return Found(self._decode(entry[self._start :]))
            if entry.startswith(self.head + _ABSENT):
                return Found(None, entry)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return None

    def all_values(self, entries: Sequence[bytes | None]) -> list[Any] | None:
        """Return the values of entries, None unless all of them are ours and have one."""
        head, start, decode = self._value, self._start, self._decode
        for entry in entries:
            if entry is None or not entry.startswith(head):
                return None
        try:
            return [decode(entry[start:]) for entry in entries if entry is not None]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
