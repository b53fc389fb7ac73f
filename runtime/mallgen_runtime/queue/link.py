"""The seam between a service and its queue: Kafka, or the log embedded in SQLite, is behind it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class Place(NamedTuple):
    """A partition of a topic, from 0."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One message as the queue keeps it; `written` in seconds since 1970, `problem` says what of it cannot be read."""

    place: Place
    offset: int
    key: bytes | None
    value: bytes
    headers: Headers
    written: float
    problem: str = ""


class Outgoing(NamedTuple):
    """One message to be written. Messages of one key go to one partition, those without a key to any."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = ()


Rebalanced = Callable[[Sequence[Place]], Awaitable[None]]


class ConsumerLink(Protocol):
    """One member of a consumer group. The queue forgets a member that neither fetches nor is alive."""

    async def start(self, topics: Sequence[str], assigned: Rebalanced, revoked: Rebalanced, lost: Rebalanced) -> None:
        """Join the group. Raises ResourceError when the queue cannot be reached.

        `assigned` is awaited before the first record of new partitions is fetched; `revoked` before another member may
        fetch theirs, which is where the last offsets are committed; `lost` when another member may have them already.
        """

    async def fetch(self, most: int, wait: float) -> Sequence[Record]:
        """Return up to `most` records, in order within a partition, after `wait` seconds at the latest.

        Paused partitions give none. Call it often, also while all partitions are paused: rebalances happen in it.
        """

    def pause(self, places: Iterable[Place]) -> None:
        """Fetch no more records of these partitions; those already fetched from the queue are given later."""

    def resume(self, places: Iterable[Place]) -> None:
        """Go on with these partitions where they were paused: no record is left out or given twice.

        A fetch that waits may return at once, also when there are no partitions among these.
        """

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Remember the offset of the next record to fetch, for the group. Returns when the queue has it.

        Raises ResourceError when the partition belongs to another member now, or the queue cannot be reached.
        """

    async def lag(self) -> Mapping[Place, int]:
        """Return how many records of each assigned partition have not been committed."""

    async def close(self) -> None:
        """Leave the group, so that other members get the partitions at once. `revoked` is awaited first."""


class ProducerLink(Protocol):
    """Writes messages."""

    async def start(self) -> None:
        """Connect in the background; the first message waits for it."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Write messages; returns when the queue has all of them on all of its replicas in sync.

        Raises ResourceError for those that were not acknowledged: they may have been written all the same. Raises
        RefusedMessage when the queue will never take those.
        """

    async def close(self) -> None:
        """Write what is waiting, and disconnect."""


class Queue(Protocol):
    """A queue: makes its links. `state` is `ok`, or what is wrong with it."""

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""

    def consumer(self, group: str, *, from_first: bool) -> ConsumerLink:
        """Return a member of a group; `from_first`: a group without an offset begins with the oldest record."""

    def producer(self, *, compressed: bool = False) -> ProducerLink:
        """Return a link that writes; `compressed`: as small as the queue can."""

    async def create(self, topics: Mapping[str, int]) -> None:
        """Make those topics that are missing, with so many partitions."""
