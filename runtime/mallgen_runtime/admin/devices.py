"""Browsers that an account has let in before: a stranger's wrong passwords do not lock them out."""

import hashlib
import hmac
import secrets

from mallgen_runtime.admin.tables import AccountRow


def new_device(account: AccountRow) -> str:
    """Return the mark of a browser; another password makes it worthless."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_proof(account, nonce)}"


def device_of(account: AccountRow, mark: str) -> str:
    """Return the browser that has a mark of this account, empty for any other text."""
    nonce, _, proof = mark.partition(".")
    is_right = hmac.compare_digest(_proof(account, nonce).encode(), proof.encode("utf-8", "surrogatepass"))
    return f"{account.id}.{nonce}" if is_right else ""


def _proof(account: AccountRow, nonce: str) -> str:
    text = f"device {account.id} {nonce}".encode("utf-8", "surrogatepass")
    return hmac.new(account.password_hash.encode(), text, hashlib.sha256).hexdigest()
