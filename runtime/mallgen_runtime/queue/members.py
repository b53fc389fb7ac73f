"""Consumer groups of the embedded queue: members under leases, and who has which partition.

A partition's epoch grows with each member that takes it: the commit of one that had it before is refused.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mallgen_runtime.queue.errors import NotOurs
from mallgen_runtime.queue.sqlite_log import SqliteLog
from mallgen_runtime.queue.waking import Waker

LEASE = 6.0


class Seat(NamedTuple):
    """A partition that a member has: the epoch it got it in, and the offset to go on with."""

    epoch: int
    next: int


class Standing(NamedTuple):
    """A member's partitions by number, those among them that it must give up, and whether others are concerned."""

    seats: Mapping[int, Seat]
    surplus: Sequence[int]
    changed: bool


class Group:
    """One consumer group in a file, as one member sees it. `from_first`: a new group begins with the oldest message."""

    def __init__(
        self, log: SqliteLog, waker: Waker, name: str, member: str, *, from_first: bool, partitions: int
    ) -> None:
        self._log = log
        self._waker = waker
        self._name = name
        self._member = member
        self._from_first = from_first
        self._partitions = partitions

    def look(self, topics: Sequence[str]) -> Standing:
        """Renew the lease, forget members whose lease is over, take free partitions up to this member's share."""
        self._log.create(dict.fromkeys(topics, self._partitions))
        with self._log.writing() as db:
            self._log.age(db, topics)
            changed = self._renew(db, topics) | self._forget(db)
            shares = self._shares(db)
            seats: dict[int, Seat] = {}
            surplus: list[int] = []
            for topic in topics:
                taken, over, own = self._take(db, topic, shares.get(topic, {}).get(self._member, 0))
                seats.update(own)
                surplus += over
                changed = changed or taken
        return Standing(seats, surplus, changed)

    def release(self, places: Iterable[int]) -> None:
        """Give up partitions, so that others take them."""
        rows = [(self._name, place, self._member) for place in places]
        with self._log.writing() as db:
            db.executemany("UPDATE seats SET member = NULL WHERE grp = ? AND place = ? AND member = ?", rows)

    def leave(self) -> None:
        """Give up all partitions and the membership."""
        with self._log.writing() as db:
            db.execute("UPDATE seats SET member = NULL WHERE grp = ? AND member = ?", (self._name, self._member))
            db.execute("DELETE FROM members WHERE grp = ? AND id = ?", (self._name, self._member))

    def commit(self, offsets: Mapping[int, tuple[int, int]]) -> None:
        """Remember offsets, each with the epoch of its partition. Raises NotOurs, and remembers none then."""
        with self._log.writing() as db:
            for place, (offset, epoch) in offsets.items():
                done = db.execute(
                    "UPDATE seats SET next = ? WHERE grp = ? AND place = ? AND member = ? AND epoch = ?",
                    (offset, self._name, place, self._member, epoch),
                )
                if done.rowcount != 1:
                    raise NotOurs(f"{self._log.place(place)} belongs to another member of {self._name} now")

    def lag(self, places: Iterable[int]) -> dict[int, int]:
        """Return how many messages of partitions have not been committed."""
        numbers = tuple(places)
        rows = self._log.reading(
            "SELECT places.id, places.next - max(seats.next, places.first) FROM places JOIN seats "
            f"ON seats.place = places.id AND seats.grp = ? WHERE places.id IN ({','.join('?' * len(numbers))})",
            (self._name, *numbers),
        )
        return {place: max(0, behind) for place, behind in rows}

    def mark(self) -> tuple[object, ...]:
        """Return what is another value when a member came or went, or a partition is free."""
        found: tuple[object, ...] = self._log.reading(
            "SELECT (SELECT group_concat(id) FROM members WHERE grp = ?), "
            "(SELECT count(*) FROM seats WHERE grp = ? AND member IS NULL)",
            (self._name, self._name),
        )[0]
        return found

    def _renew(self, db: Any, topics: Sequence[str]) -> bool:
        """Renew the lease; return whether the member was unknown, and so joins."""
        until = time.monotonic() + LEASE
        kept = db.execute(
            "UPDATE members SET until = ?, topics = ? WHERE grp = ? AND id = ?",
            (until, json.dumps(topics), self._name, self._member),
        )
        if kept.rowcount:
            return False
        row = (self._name, self._member, self._name, until, json.dumps(topics), self._waker.name)
        db.execute(
            "INSERT INTO members (grp, id, joined, until, topics, fifo) "
            "VALUES (?, ?, (SELECT coalesce(max(joined), 0) + 1 FROM members WHERE grp = ?), ?, ?, ?)",
            row,
        )
        return True

    def _forget(self, db: Any) -> bool:
        """Forget members whose process is dead or whose lease is over; return whether there are any.

        A lease that ends too late is from before the machine was started.
        """
        now = time.monotonic()
        rows = db.execute("SELECT id, until, fifo FROM members WHERE grp = ?", (self._name,)).fetchall()
        gone = [
            (self._name, member)
            for member, until, fifo in rows
            if not now <= until <= now + 2 * LEASE or (member != self._member and self._waker.is_dead(fifo))
        ]
        db.executemany("UPDATE seats SET member = NULL WHERE grp = ? AND member = ?", gone)
        db.executemany("DELETE FROM members WHERE grp = ? AND id = ?", gone)
        return bool(gone)

    def _shares(self, db: Any) -> dict[str, dict[str, int]]:
        """Return how many partitions of each topic each member should have; every member finds the same."""
        rows = db.execute("SELECT id, topics FROM members WHERE grp = ? ORDER BY joined", (self._name,)).fetchall()
        members = [(member, json.loads(topics)) for member, topics in rows]
        shares: dict[str, dict[str, int]] = {}
        turn = 0
        for topic in sorted({topic for _, topics in members for topic in topics}):
            there = [member for member, topics in members if topic in topics]
            each, rest = divmod(len(self._log.places(topic)), len(there))
            shares[topic] = dict.fromkeys(there, each)
            for index in range(rest):
                shares[topic][there[(turn + index) % len(there)]] += 1
            turn += rest
        return shares

    def _take(self, db: Any, topic: str, share: int) -> tuple[bool, list[int], dict[int, Seat]]:
        """Take free partitions of a topic; return whether there were some, those above the share, and all."""
        places = self._log.places(topic)
        db.executemany("INSERT OR IGNORE INTO seats (grp, place) VALUES (?, ?)", [(self._name, one) for one in places])
        rows = db.execute(
            "SELECT seats.place, seats.member, seats.epoch, seats.next, places.first, places.next FROM seats "
            "JOIN places ON places.id = seats.place WHERE seats.grp = ? AND places.topic = ? ORDER BY seats.place",
            (self._name, topic),
        ).fetchall()
        own = {row[0]: Seat(row[2], max(row[3], row[4])) for row in rows if row[1] == self._member}
        surplus = sorted(own)[share:]
        taken = [row for row in rows if row[1] is None][: max(0, share - len(own))]
        for place, _, epoch, position, first, end in taken:
            begin = max(position, first) if position is not None else first if self._from_first else end
            own[place] = Seat(epoch + 1, begin)
            db.execute(
                "UPDATE seats SET member = ?, epoch = ?, next = ? WHERE grp = ? AND place = ?",
                (self._member, epoch + 1, begin, self._name, place),
            )
        return bool(taken), surplus, own
