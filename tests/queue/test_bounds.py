"""Bounds on what messages bring with them, and settings at their edges."""

import pytest

from mallgen_runtime.queue import MessageContext
from mallgen_runtime.queue.link import Headers, Place, Record
from mallgen_runtime.queue.partitions import Partition
from tests.queue.kit import app_of


async def logic(ctx: MessageContext, message: object) -> None: ...


def partition(**settings: object) -> Partition:
    """Return a partition of a service with these settings."""
    (bound,) = app_of({"t": logic}, settings).bound.values()
    return Partition(Place("t", 0), bound)


def record(offset: int, value: bytes = b"{}", pairs: Headers = ()) -> Record:
    return Record(Place("t", 0), offset, b"%d" % offset, value, pairs, 0.0)


@pytest.mark.parametrize("pairs", [(("h", b"x" * 300_000),), tuple((f"h{number}", b"") for number in range(3000))])
def test_headers_count_for_what_is_held(pairs: Headers) -> None:
    part = partition(max_bytes=1 << 20)
    records = [record(offset, pairs=pairs) for offset in range(4)]
    for one in records:
        assert not part.is_full
        part.take(one)
    assert part.is_full
    for one in records[:3]:
        part.done(one)
    assert part.has_room and not part.is_full


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"order/7+a=", "order/7+a="),
        (b"x" * 128, "x" * 128),
        (b"x" * 129, "t/2/5"),
        (b"x" * 900_000, "t/2/5"),
        (b"two\nlines", "t/2/5"),
        ("编号".encode(), "t/2/5"),
        (b"", "t/2/5"),
    ],
    ids=["plain", "longest", "too long", "far too long", "lines", "no ASCII", "nothing"],
)
def test_a_message_id_is_short_and_plain_or_made_of_the_place(sent: bytes, kept: str) -> None:
    assert MessageContext("t", 2, 5, pairs=(("x-message-id", sent),)).message_id == kept
