"""Passwords as argon2 hashes, made and checked beside the event loop: each takes tens of milliseconds."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from mallgen_runtime.rpc import Code, RpcError

T = TypeVar("T")
AT_ONCE, MOST_WAITING = 2, 16
_THREADS = ThreadPoolExecutor(AT_ONCE, "password")
_PLACES = BoundedSemaphore(AT_ONCE + MOST_WAITING)
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("the hash that the password of an unknown user is compared with")


async def hashed(password: str) -> str:
    """Return the hash of a password, with a salt of its own. Raises RESOURCE_EXHAUSTED where too many wait."""
    return await _in_turn(_HASHER.hash, password)


async def fits(password: str, known: str | None) -> bool:
    """Return whether a password belongs to a hash; None, which takes as long, for a user that is unknown.

    Raises RESOURCE_EXHAUSTED where too many wait.
    """
    return await _in_turn(_fits, password, known or _NOBODY) and known is not None


async def _in_turn(work: Callable[..., T], *words: str) -> T:
    if not _PLACES.acquire(blocking=False):
        raise RpcError(Code.RESOURCE_EXHAUSTED, "too many passwords wait")
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_THREADS, work, *words)
    finally:
        _PLACES.release()


def _fits(password: str, known: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
