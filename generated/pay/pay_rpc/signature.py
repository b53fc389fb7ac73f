"""Signatures of the provider's notifications: HMAC-SHA256 over the time, a point and the body."""

import hmac
import time

WINDOW = 300  # seconds that the clocks of both sides, and the way, may make


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a notification."""
    text = f"{timestamp}.".encode() + body
    return hmac.digest(secret.encode(), text, "sha256").hex()


def is_genuine(secret: str, timestamp: int, body: bytes, signed: str) -> bool:
    """Return whether a notification is the provider's, and from these minutes.

    The comparison takes as long for a wrong first digit as for a wrong last one.
    """
    wanted = signature(secret, timestamp, body).encode()
    is_signed = hmac.compare_digest(wanted, signed.encode())
    return is_signed and abs(time.time() - timestamp) <= WINDOW
