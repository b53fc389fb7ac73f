"""The embedded queue's file: topics, their partitions, and messages in the order of their offsets.

Each call is one transaction; many processes use the file at once.
"""

import logging
import os
import random
import sqlite3
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from msgspec import msgpack

from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.queue.link import Headers, Outgoing, Place, Record

_SHIFT = 40  # a message's row has its partition's number in the bits above its offset
_PATIENCE = 10.0
_HEADER = 100  # bytes that a header takes in memory beside its text
_TRIM_EVERY = 60.0
_TELL_EVERY = 600.0
_LEAP, _DOUBT = 3600.0, 600.0  # seconds by which a clock is set, or more; and for which it is not believed then
_TRIMMED_AT_ONCE = 5000
_LOG = logging.getLogger("mallgen.service")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS places (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, partition)
);
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, key BLOB, value BLOB NOT NULL, headers BLOB NOT NULL, written REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS members (
    grp TEXT NOT NULL, id TEXT NOT NULL, joined INTEGER NOT NULL, until REAL NOT NULL, topics TEXT NOT NULL,
    fifo TEXT NOT NULL, PRIMARY KEY (grp, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seats (
    grp TEXT NOT NULL, place INTEGER NOT NULL, member TEXT, epoch INTEGER NOT NULL DEFAULT 0, next INTEGER,
    PRIMARY KEY (grp, place)
) WITHOUT ROWID;
"""


class SqliteLog:
    """The file, `:memory:` for none. `retention` in seconds and `most_bytes` of a partition, 0: no bound."""

    def __init__(self, path: str, retention: float, most_bytes: int) -> None:
        self.path = path
        self._retention = retention
        self._most_bytes = most_bytes
        self._places: dict[str, list[int]] = {}
        self._named: dict[int, Place] = {}
        self._turn = os.getpid()
        self._trimmed: dict[str, float] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._clock = Clock()
        self._db: Any = None

    def open(self) -> None:
        """Open the file, which is made when there is none. Raises QueueError."""
        if self._db is not None:
            return
        try:
            if self.path != ":memory:":
                os.makedirs(os.path.dirname(os.path.abspath(self.path)), mode=0o700, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            _in_turn(db, "PRAGMA journal_mode = WAL")  # refused at once while another process makes the file
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as problem:
            raise QueueError(f"{self.path}: {problem}") from None
        self._db = db

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Run statements as one transaction that may write. Raises QueueError."""
        self.open()
        db = self._db
        try:
            _in_turn(db, "BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except sqlite3.Error as problem:
            raise QueueError(f"{self.path}: {problem}") from None

    def reading(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a statement. Raises QueueError."""
        self.open()
        try:
            found: list[Any] = self._db.execute(statement, values).fetchall()
            return found
        except sqlite3.Error as problem:
            raise QueueError(f"{self.path}: {problem}") from None

    def create(self, topics: Mapping[str, int]) -> None:
        """Make those topics that are missing, with so many partitions."""
        missing = {topic: count for topic, count in topics.items() if not self.places(topic)}
        if not missing:
            return
        with self.writing() as db:
            for topic, count in missing.items():
                rows = [(topic, number) for number in range(count)]
                if not db.execute("SELECT 1 FROM places WHERE topic = ?", (topic,)).fetchone():
                    db.executemany("INSERT INTO places (topic, partition) VALUES (?, ?)", rows)

    def places(self, topic: str) -> list[int]:
        """Return the numbers of a topic's partitions, in their order; none where there is no such topic."""
        if topic not in self._places:
            rows = self.reading("SELECT id, partition FROM places WHERE topic = ? ORDER BY partition", (topic,))
            if not rows:
                return []
            self._places[topic] = [row[0] for row in rows]
            self._named.update((number, Place(topic, partition)) for number, partition in rows)
        return self._places[topic]

    def place(self, number: int) -> Place:
        """Return the partition that has a number."""
        if number not in self._named:
            ((topic, partition),) = self.reading("SELECT topic, partition FROM places WHERE id = ?", (number,))
            self._named[number] = Place(topic, partition)
        return self._named[number]

    def number(self, place: Place) -> int:
        """Return the number of a partition."""
        return self.places(place.topic)[place.partition]

    def append(self, messages: Sequence[Outgoing], partitions: int) -> None:
        """Write messages at the ends of their partitions; missing topics get so many of them."""
        self.create({message.topic: partitions for message in messages})
        with self.writing() as db:
            now = time.time()  # not before: others may write for a while
            before = self._too_old(db, now)
            ends: dict[int, int] = {}
            sizes: dict[int, int] = {}
            rows = []
            for message in messages:
                place = self._chosen(message)
                if place not in ends:
                    (ends[place],) = db.execute("SELECT next FROM places WHERE id = ?", (place,)).fetchone()
                packed = msgpack.encode(message.headers)
                rows.append((place << _SHIFT | ends[place], message.key, message.value, packed, now))
                ends[place] += 1
                sizes[place] = sizes.get(place, 0) + _size(message.key, message.value, packed)
            db.executemany("INSERT INTO records (id, key, value, headers, written) VALUES (?, ?, ?, ?, ?)", rows)
            grown = [(end, sizes[place], place) for place, end in ends.items()]
            db.executemany("UPDATE places SET next = ?, bytes = bytes + ? WHERE id = ?", grown)
            self._shrink(db, ends)
            self._age(db, {message.topic for message in messages}, before)

    def _chosen(self, message: Outgoing) -> int:
        """Return the partition of a message: by its key, or the next one in turn."""
        places = self.places(message.topic)
        if message.key is not None:
            return places[zlib.crc32(message.key) % len(places)]
        self._turn += 1
        return places[self._turn % len(places)]

    def age(self, db: Any, topics: Iterable[str]) -> None:
        """Delete messages of topics that are too old, once in a minute; other services may keep theirs for longer."""
        self._age(db, topics, self._too_old(db, time.time()))

    def _too_old(self, db: Any, now: float) -> float:
        """Return the time before which messages are too old, 0 where none is."""
        is_right = self._retention and self._clock.is_right(now, self._retention, partial(_newest, db))
        return now - self._retention if is_right else 0.0

    def _age(self, db: Any, topics: Iterable[str], before: float) -> None:
        steady = time.monotonic()
        for topic in topics:
            if before and steady - self._trimmed.get(topic, -_TRIM_EVERY) >= _TRIM_EVERY:
                self._trimmed[topic] = steady
                for place in self.places(topic):
                    self._cut(db, place, 0, before)

    def _shrink(self, db: Any, written: Iterable[int]) -> None:
        """Delete the oldest messages of partitions that are too large."""
        for place in written if self._most_bytes else ():
            (size,) = db.execute("SELECT bytes FROM places WHERE id = ?", (place,)).fetchone()
            if size > self._most_bytes:
                self._cut(db, place, size - self._most_bytes, 0.0)

    def _cut(self, db: Any, place: int, bytes_: int, before: float) -> None:
        """Delete a partition's oldest messages: so many bytes of them, or those written before a time."""
        freed, last = 0, -1
        rows = db.execute(
            "SELECT id, length(value) + coalesce(length(key), 0) + length(headers), written FROM records "
            "WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
            (place << _SHIFT, (place + 1) << _SHIFT, _TRIMMED_AT_ONCE),
        )
        for number, size, written in rows.fetchall():
            if freed >= bytes_ and written >= before:
                break
            freed, last = freed + size, number
        if last >= 0:
            self._tell(db, place, last & ((1 << _SHIFT) - 1))
            db.execute("DELETE FROM records WHERE id >= ? AND id <= ?", (place << _SHIFT, last))
            first = (last & ((1 << _SHIFT) - 1)) + 1
            db.execute("UPDATE places SET first = ?, bytes = max(0, bytes - ?) WHERE id = ?", (first, freed, place))

    def _tell(self, db: Any, place: int, last: int) -> None:
        """Log groups that have not read what is being deleted, each once in ten minutes."""
        topic, now = self.place(place).topic, time.monotonic()
        for (group,) in db.execute("SELECT grp FROM seats WHERE place = ? AND next <= ?", (place, last)).fetchall():
            if now - self._told.get((topic, group), -_TELL_EVERY) >= _TELL_EVERY:
                self._told[topic, group] = now
                text = "the queue deletes messages of %s that the group %s has not read: too many or too old"
                _LOG.error(text, topic, group)

    def fetch(self, positions: Mapping[int, int], most: int, most_bytes: int) -> list[Record]:
        """Return messages from the positions in partitions on, up to so many, and bytes unless the first has more."""
        found: list[Record] = []
        size = 0
        self._turn += 1
        marks = ",".join("?" * len(positions))
        ends = self.reading(f"SELECT id, first, next FROM places WHERE id IN ({marks})", tuple(positions))
        behind = [(place, max(positions[place], first)) for place, first, end in ends if end > positions[place]]
        for index, (place, position) in enumerate(sorted(behind, key=lambda one: (one[0] - self._turn) % 251)):
            share = -(-(most - len(found)) // (len(behind) - index))  # those left out would starve
            with closing(self._records(place, position, share)) as records:
                for record in records:
                    size += _size(record.key, record.value, b"") + _size_of(record.headers)
                    if found and size > most_bytes:
                        return found
                    found.append(record)
        return found

    def _records(self, place: int, position: int, most: int) -> Generator[Record, None, None]:
        """Yield messages of a partition as they are asked for. Raises QueueError."""
        try:
            rows = self._db.execute(
                "SELECT id, key, value, headers, written FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (place << _SHIFT | position, (place + 1) << _SHIFT, most),
            )
            with closing(rows):  # an open one would keep the file from shrinking
                for number, key, value, packed, written in rows:
                    headers = tuple((name, content) for name, content in msgpack.decode(packed))
                    offset = number & ((1 << _SHIFT) - 1)
                    yield Record(self.place(place), offset, key, value, headers, written)
        except sqlite3.Error as problem:
            raise QueueError(f"{self.path}: {problem}") from None


def _in_turn(db: Any, statement: str) -> None:
    """Run a statement as soon as no other process writes. SQLite itself would try again every 100 ms only."""
    over = time.monotonic() + _PATIENCE
    db.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                db.execute(statement)
                return
            except sqlite3.OperationalError as problem:
                if "locked" not in str(problem) or time.monotonic() > over:
                    raise
            time.sleep(random.uniform(0.0005, 0.004))  # noqa: S311 - no secret
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")


def _size_of(headers: Headers) -> int:
    return sum(len(name) + len(content) + _HEADER for name, content in headers)


class Clock:
    """The machine's clock, which somebody may set: after a leap nothing is old until it has stayed so for a while."""

    def __init__(self) -> None:
        self._seen: tuple[float, float] | None = None
        self._doubted = 0.0

    def is_right(self, now: float, retention: float, newest: Callable[[], float | None]) -> bool:
        """Return whether to go by the clock; `newest` finds when the last message was written."""
        steady = time.monotonic()
        expected = newest() or now if self._seen is None else self._seen[0] + steady - self._seen[1]
        if now - expected > max(_LEAP, retention / 2):
            self._doubted = steady + _DOUBT
        self._seen = now, steady
        return steady >= self._doubted


def _newest(db: Any) -> float | None:
    """Return when the last message of all was written."""
    sql = f"SELECT max(written) FROM places JOIN records ON records.id = (places.id << {_SHIFT} | places.next - 1)"
    found: float | None = db.execute(sql).fetchone()[0]
    return found


def _size(key: bytes | None, value: bytes, packed: bytes) -> int:
    return len(value) + len(key or b"") + len(packed)
