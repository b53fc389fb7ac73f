"""Passwords as argon2 hashes, made and checked beside the event loop: each takes tens of milliseconds."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("the hash that the password of an unknown user is compared with")


async def hashed(password: str) -> str:
    """Return the hash of a password, with a salt of its own."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def fits(password: str, known: str | None) -> bool:
    """Return whether a password belongs to a hash; None, which takes as long, for a user that is unknown."""
    return (
        await asyncio.to_thread(_fits, password, known or _NOBODY) and known is not None
    )


def _fits(password: str, known: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
