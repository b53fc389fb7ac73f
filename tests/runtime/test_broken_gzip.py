"""A gzip body as go-zero reads it: all members, and what comes before a mistake, in linear time."""

import gzip
import os
import random
import time
import zlib

from mallgen_runtime.http.compat.context import _before_mistake, _members

_MOST = 8 << 20


def packed(data: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, wbits=31)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def test_what_comes_before_the_mistake_is_read() -> None:
    chance = random.Random(7)
    for _ in range(40):
        data = bytes(chance.choices(b"abc{}", k=chance.randrange(30_000)))
        assert _before_mistake(packed(data, chance.choice((0, 6))) + b"\xff" * 20, _MOST) == data


def test_no_more_than_the_bound_is_unpacked() -> None:
    assert 1000 <= len(_before_mistake(packed(bytes(1 << 20), 9) + b"\xff" * 20, 1000)) < 2000


def test_a_broken_body_of_a_megabyte_is_read_fast() -> None:
    """Bytes that were added to bytes one by one took more than 20 s, in which nobody else was answered."""
    data = os.urandom(1 << 20)
    began = time.process_time()
    assert _before_mistake(packed(data, 0) + b"\xff" * 20, _MOST) == data
    assert time.process_time() - began < 2


def test_all_members_are_read() -> None:
    """RFC 1952 section 2.2: members stand one after the other; Go reads them as one text."""
    one, two = gzip.compress(b"{"), gzip.compress(b"}")
    assert _members(one + two, _MOST) == b"{}"
    assert _members(one + two[:-6] + bytes(6), _MOST).startswith(b"{")
    assert _members(one + b"garbage", _MOST) == b"{"
    assert len(_members(gzip.compress(bytes(1000)) * 9, 4500)) == 4500


def test_the_most_members_are_read_fast() -> None:
    began = time.process_time()
    assert _members(gzip.compress(b"x" * 1000) * 2000, _MOST) == b"x" * 1000 * 1000
    assert time.process_time() - began < 2
