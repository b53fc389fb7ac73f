"""What mallgen.lock records of a file's content."""

import hashlib


def digest(data: bytes) -> str:
    """The sha256 that mallgen.lock records, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
