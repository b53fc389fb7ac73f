"""Digest of a file's content, as mallgen.lock records it."""

import hashlib


def digest(data: bytes) -> str:
    """Return the sha256 that mallgen.lock records, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
