"""A list in the memory of this process; the rules are those of the scripts in scripts.py."""

import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence

from mallgen_runtime.cache.scripts import OVERDUE_SECONDS
from mallgen_runtime.cache.store import BEYOND, Entry, ListOrder, ListPage


class LocalList:
    """Members in the order of their scores: all of a list, or its beginning. `size` is what its owner counted."""

    def __init__(
        self, order: ListOrder, entries: Sequence[Entry], is_whole: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.order = order
        self._entries = sorted(entries)
        self._scores = {entry.member: entry.score for entry in entries}
        self._whole = is_whole
        self._clock = clock
        self._touched: dict[str, tuple[bytes, float]] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_known(self) -> bool:
        """Return whether there is anything that it can answer."""
        return self._whole or bool(self._entries)

    def resized(self, size: int) -> int:
        """Note a new size, and return how much more it is."""
        more, self.size = size - self.size, size
        return more

    def page(self, after: Entry | None, limit: int) -> ListPage:
        """Return `limit` entries that stand after an entry; fewer only where the list ends."""
        late = self._clock() - OVERDUE_SECONDS
        overdue = tuple(member for member, (_, since) in self._touched.items() if since < late)
        if overdue:
            return ListPage(None, overdue=overdue)
        count = len(self._entries)
        if self.order.descending:
            end = count if after is None else bisect_left(self._entries, after)
            found = self._entries[max(0, end - limit) : end][::-1]
        else:
            start = 0 if after is None else bisect_right(self._entries, after)
            found = self._entries[start : start + limit]
        return BEYOND if len(found) < limit and not self._whole else ListPage(found)

    def touch(self, member: str, token: bytes) -> None:
        """Announce a change of a member."""
        self._touched[member] = (token, self._clock())

    def settle(self, member: str, token: bytes, score: float | None) -> bool:
        """Give a member its score if its change is announced; return whether it was."""
        announced = self._touched.get(member)
        if announced is None:
            return False
        if announced[0] == token:
            del self._touched[member]
        self.place(member, score)
        return True

    def place(self, member: str, score: float | None) -> None:
        """Give a member its score, or take it out; beyond the last member of a beginning nothing is known."""
        old = self._scores.pop(member, None)
        if old is not None:
            del self._entries[bisect_left(self._entries, Entry(old, member))]
        limit, descending = self.order.limit, self.order.descending
        if not self._whole and len(self._entries) * 2 < limit:
            self._entries.clear()
            self._scores.clear()
            return
        if score is None:
            return
        entry = Entry(score, member)
        if not self._whole and (entry < self._entries[0] if descending else entry > self._entries[-1]):
            return
        insort(self._entries, entry)
        self._scores[member] = score
        if len(self._entries) > limit:
            gone = self._entries.pop(0 if descending else -1)
            del self._scores[gone.member]
            self._whole = False


class Building:
    """A list that is being built until `end`, and what has changed meanwhile. `size` is what its owner counted."""

    def __init__(self, token: bytes, end: float, spelling: str) -> None:
        self.token = token
        self.end = end
        self.spelling = spelling
        self.size = 0
        self._touched: dict[str, bytes] = {}
        self._settled: dict[str, float | None] = {}

    def __len__(self) -> int:
        return len(self._touched) + len(self._settled)

    def resized(self, size: int) -> int:
        """Note a new size, and return how much more it is."""
        more, self.size = size - self.size, size
        return more

    def touch(self, member: str, token: bytes) -> None:
        """Announce a change of a member."""
        self._touched[member] = token

    def settle(self, member: str, token: bytes, score: float | None) -> None:
        """Note the score of a member whose change is announced."""
        announced = self._touched.get(member)
        if announced is not None:
            self._settled[member] = score
            if announced == token:
                del self._touched[member]

    def apply(self, made: LocalList) -> None:
        """Make the changes in a list that was built without them."""
        for member, score in self._settled.items():
            if made.is_known:
                made.place(member, score)
        for member, token in self._touched.items():
            made.touch(member, token)
