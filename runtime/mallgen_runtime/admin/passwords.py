"""Passwords: hashed with argon2id in threads, a few at a time, and never logged."""

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.process.threads import in_thread

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")
MOST_BYTES = 1024  # of a password
_WAITING = 8  # passwords that may wait for each that is hashed
_PATIENCE = 1.5  # seconds that one waits: with its hash less than a request has


class PasswordRefused(ValueError):
    """A password that no account can have; the text says why."""


class Passwords:
    """Hashes passwords, `most` at a time. Raises a 429 when too many wait already."""

    def __init__(self, most: int, least: int) -> None:
        """`least`: the fewest characters of a new password."""
        self._most = most
        self._least = least
        self._turn = asyncio.Semaphore(most)
        self._calls = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._made: PasswordHasher | None = None

    async def hashed(self, password: str) -> str:
        """Return the hash of a new password. Raises PasswordRefused."""
        return await self._in_turn(partial(self._hasher().hash, self.checked(password)))

    def checked(self, password: str) -> bytes:
        """Return a new password as it is hashed. Raises PasswordRefused."""
        data = _bytes(password)
        if len(password) < self._least:
            raise PasswordRefused(f"a password has at least {self._least} characters")
        return data

    async def is_right(self, hashed: str, password: str) -> bool:
        """Return whether a password is that of a hash. An empty one costs as much time, and no password is right."""
        try:
            data = _bytes(password)
        except PasswordRefused:
            return False
        known = hashed or _of_nobody(self._hasher())
        return await self._in_turn(partial(self._check, known, data)) and bool(hashed)

    def _hasher(self) -> "PasswordHasher":
        if self._made is None:
            from argon2 import PasswordHasher

            self._made = PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory
        return self._made

    def _check(self, hashed: str, data: bytes) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher().verify(hashed, data)
        except (InvalidHashError, VerificationError):
            return False

    def need_room(self) -> None:
        """Raise a 429 where so many passwords wait that another one would wait too long."""
        if self._calls >= self._most * (1 + _WAITING):
            raise _busy()

    async def _in_turn(self, work: Callable[[], T]) -> T:
        self.need_room()
        self._calls += 1
        # a client that leaves does not end its turn: the thread goes on hashing
        task = asyncio.ensure_future(self._turned(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _turned(self, work: Callable[[], T]) -> T:
        try:
            await self._patient()
            try:
                return await in_thread(work)
            finally:
                self._turn.release()
        finally:
            self._calls -= 1

    async def _patient(self) -> None:
        """Wait for a turn. Raises a 429 when it does not come soon."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise _busy() from None


def _bytes(password: str) -> bytes:
    """Return a password as it is hashed, in one spelling of its letters. Raises PasswordRefused for a long one."""
    if len(password) > MOST_BYTES:
        raise PasswordRefused(f"a password has at most {MOST_BYTES} bytes")
    try:
        data = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        raise PasswordRefused("a password has letters that are none") from None
    if len(data) > MOST_BYTES:
        raise PasswordRefused(f"a password has at most {MOST_BYTES} bytes")
    return data


def _of_nobody(hasher: "PasswordHasher") -> str:
    """Return the hash of no password, which costs as much to compare as any other."""
    salt, data = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${data}"


def _busy() -> ApiError:
    return ApiError(429, "too_many_requests", "too many log in at present", headers={"retry-after": "2"})
