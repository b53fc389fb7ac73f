"""The protocol of the places that keep entries and lists."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

LEASE = b"\0mallgen lease "
LEASE_SECONDS = 30.0  # for which a load may take before what it found is not kept
_BUILDING = ":building"


class CacheDown(Exception):
    """The place where entries are kept does not answer, or not in time."""


class CacheRefused(CacheDown):
    """The place where entries are kept answers, and does not do what it is asked for: it has no more memory, say."""


class Filling(NamedTuple):
    """An entry to be kept if no write has taken its lease away; `expiry` in seconds."""

    key: str
    lease: bytes
    value: bytes
    expiry: float


class ListOrder(NamedTuple):
    """The order of a list and its bound: entries beyond the first `limit` are not kept.

    `spelling` is a digest of the texts that the list belongs to, empty where it belongs to none. Lists of texts that a
    collation may hold to be equal share a key: it has the list of one spelling, and a member of another ends it.
    """

    descending: bool
    limit: int
    spelling: str = ""


class Entry(NamedTuple):
    """A member of a list with its score, a whole number or float that a double has exactly."""

    score: float
    member: str


class ListPage(NamedTuple):
    """The answer of a list to a page: `entries` is None when the database must answer.

    `is_absent`: there is no such list. `overdue` are members that a write has announced and not settled for some time.
    """

    entries: list[Entry] | None
    is_absent: bool = False
    overdue: tuple[str, ...] = ()


ABSENT = ListPage(None, is_absent=True)
BEYOND = ListPage(None)


class Store(Protocol):
    """A place for entries. All methods raise CacheDown.

    A lease is what a key has for a value while an entry is loaded. It is shared by all that load the entry at a time;
    deleting the key ends it, and what was loaded under it is not kept.
    """

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key, which may be a lease."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys."""

    async def lease(self, keys: Sequence[str], head: bytes) -> list[bytes]:
        """Return the values of keys that begin with `head`, or are a lease; all others get a new lease."""

    async def fill(self, fillings: Sequence[Filling]) -> None:
        """Keep entries whose keys still have the lease."""

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        """Keep a value for `expiry` seconds, without a lease."""

    async def claim(self, key: str, value: bytes, expiry: float) -> bytes | None:
        """Keep a value for `expiry` seconds where the key has none, and return None; else return what it has."""

    async def resolve(self, key: str, claim: bytes, value: bytes, expiry: float) -> None:
        """End a claim: keep `value` for `expiry` seconds in its place, or nothing where it is empty.

        Nothing happens where the key has what another one has put there since; where it has expired the value is kept.
        """

    async def count(self, key: str, expiry: float) -> int:
        """Add 1 to a counter and return it. It is deleted `expiry` seconds after its first count; 0: nobody counts."""

    async def take(self, key: str) -> bool | None:
        """Take 1 from the number of a key where it is above 0, and return whether it was; None: there is no number."""

    async def give(self, key: str) -> None:
        """Add 1 to the number of a key; nothing happens where there is none."""

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete keys, and lists with what is being built of them."""

    async def drop(self, prefix: str) -> None:
        """Delete all keys that begin with a prefix, in steps of which each ends in time, however many there are."""

    async def page(self, key: str, order: ListOrder, after: Entry | None, limit: int) -> ListPage:
        """Return `limit` entries of a list that stand after an entry; fewer only where the list ends."""

    async def touch(self, keys: Sequence[str], member: str) -> list[bytes]:
        """Announce that a member of lists has changed; return a token for each, empty where there is no list."""

    async def settle(self, key: str, order: ListOrder, member: str, token: bytes, score: float | None) -> None:
        """Give a member its score, or None to take it out; nothing happens when a later change was settled."""

    async def begin(self, key: str, order: ListOrder) -> bytes:
        """Begin to build a list, and return the token; it is empty when the list is there or is being built."""

    async def finish(
        self, key: str, token: bytes, order: ListOrder, entries: Sequence[Entry], is_whole: bool, expiry: float
    ) -> bool:
        """Put what was built, and what has changed meanwhile, in the list's place; False: the token has expired."""

    async def ping(self) -> None:
        """Make sure that it answers."""

    async def close(self) -> None:
        """Release what it holds."""


def building_key(key: str) -> str:
    """Return the key that has the changes of a list while it is built."""
    return key + _BUILDING


def list_of(key: str) -> str:
    """Return the key of the list that `building_key` has made a key of; every other key as it is."""
    return key.removesuffix(_BUILDING)


def list_keys(key: str) -> list[str]:
    """Return the keys of a list: its own, and that of the changes while it is built."""
    return [key, building_key(key)]
