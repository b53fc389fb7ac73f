"""The records of one assigned partition that this process holds, and the offset below which all are done."""

import asyncio
from collections import deque
from collections.abc import Hashable, Sequence

from mallgen_runtime.queue.app import BoundTopic
from mallgen_runtime.queue.link import Place, Record

WINDOW = (
    1000  # offsets that may be done above one that is not, or two batches: so many are repeated at most after a death
)
_PAIR = 100  # bytes of memory that a record or a header takes beside its text


class Lane:
    """Records that are worked on one after another: those of one key, or of a batch topic's partition."""

    __slots__ = ("more", "records")

    def __init__(self) -> None:
        self.records: deque[Record] = deque()
        self.more = asyncio.Event()


class Partition:
    """One partition: `open` has the sizes of records that are not done, by offset, in the order they came in."""

    def __init__(self, place: Place, bound: BoundTopic) -> None:
        self.place = place
        self.bound = bound
        self.open: dict[int, int] = {}
        self.lanes: dict[Hashable, Lane] = {}
        self.tasks: dict[asyncio.Task[None], Lane] = {}
        self.busy: set[asyncio.Task[None]] = set()
        self.closing = asyncio.Event()
        self.is_paused = False
        self._window = max(WINDOW, 2 * bound.delivery.batch_size if bound.topic.takes_batch else 0)
        self._bytes = 0
        self._highest = -1
        self._ceiling = -1
        self._next = -1
        self._committed = -1

    def take(self, record: Record) -> tuple[Lane, bool]:
        """Hold a record; return its lane, and whether that is new."""
        size = len(record.value) + len(record.key or b"") + _PAIR
        size += sum(len(name) + len(text) + _PAIR for name, text in record.headers)
        self.open[record.offset] = size
        self._bytes += size
        self._next = record.offset + 1
        key: Hashable = record.key if record.key is not None else record.offset
        if self.bound.topic.takes_batch:
            key = None
        lane = self.lanes.get(key)
        is_new = lane is None
        if lane is None:
            lane = self.lanes[key] = Lane()
        lane.records.append(record)
        lane.more.set()
        return lane, is_new

    def done(self, record: Record) -> None:
        """Forget a record that needs no more work."""
        self._bytes -= self.open.pop(record.offset)
        self._highest = max(self._highest, record.offset)

    def close(self) -> Sequence["asyncio.Task[None]"]:
        """Begin no more records, but for those below one that is done or running: they would keep its offset from
        being committed. Return the tasks that wait for what does not come any more."""
        running = (self.tasks[task].records[0].offset for task in self.busy)
        self._ceiling = max((self._highest, *running))
        self.closing.set()
        return [
            task
            for task, lane in self.tasks.items()
            if task not in self.busy and not (lane.records and lane.records[0].offset <= self._ceiling)
        ]

    def is_over(self, offset: int) -> bool:
        """Return whether the record at an offset must not be worked on any more."""
        return self.closing.is_set() and offset > self._ceiling

    def end(self, lane: Lane, record: Record) -> None:
        """Forget the lane of a record, which is empty."""
        key: Hashable = record.key if record.key is not None else record.offset
        key = None if self.bound.topic.takes_batch else key
        if self.lanes.get(key) is lane:
            del self.lanes[key]

    @property
    def low(self) -> int:
        """The offset below which all records are done, -1 when there was none."""
        return next(iter(self.open)) if self.open else self._next

    @property
    def is_dirty(self) -> bool:
        """Return whether an offset has not been committed."""
        return self._next >= 0 and self.low > self._committed

    def committed(self, offset: int) -> None:
        """Note that an offset has been committed."""
        self._committed = max(self._committed, offset)

    @property
    def is_full(self) -> bool:
        """Return whether no more records should be fetched."""
        return self._fills(1.0)

    @property
    def has_room(self) -> bool:
        """Return whether a full one should be fetched from again."""
        return not self._fills(0.5)

    def _fills(self, share: float) -> bool:
        delivery = self.bound.delivery
        return (
            len(self.open) >= delivery.most * share
            or self._bytes >= delivery.where.max_bytes * share
            or (bool(self.open) and self._next - self.low >= self._window * share)
        )
