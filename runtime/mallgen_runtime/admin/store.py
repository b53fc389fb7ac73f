"""The accounts, sessions and trail of an admin service in its database."""

import hashlib
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec

from mallgen_runtime.admin.tables import AccountModel, AccountRow, AuditModel, SessionModel, SessionRow
from mallgen_runtime.sql import Database
from mallgen_runtime.sql.connection import Executor

_MOST_SESSIONS = 32  # of one account
_ID = re.compile(r"[0-9a-f]{32}")


class Session(NamedTuple):
    """A session that holds, with its account."""

    row: SessionRow
    account: AccountRow


class Cause(NamedTuple):
    """The cause of a row of the trail: the name of an account, a request and an address."""

    actor: str
    request: str = ""
    address: str = ""


class AccountStore:
    """The statements of logins, on a database or within a transaction."""

    def __init__(self, db: Database, on: Executor | None = None) -> None:
        self._db = db
        used: Any = db.primary if on is None else on  # replicas lag
        self.accounts = AccountModel(used)
        self.sessions = SessionModel(used)
        self._trail = AuditModel(used)

    @asynccontextmanager
    async def together(self) -> AsyncIterator["AccountStore"]:
        """Return the same statements in one transaction."""
        async with self._db.transaction() as tx:
            yield AccountStore(self._db, tx)

    async def session(self, key: str) -> Session | None:
        """Return a session that holds: its time is not over, its account neither disabled nor changed since."""
        row = await self.sessions.find(key) if _ID.fullmatch(key) else None
        if row is None or row.ends <= time.time():
            return None
        account = await self.accounts.find(row.account_id)
        if account is None or account.disabled or account.epoch != row.epoch:
            return None
        return Session(row, account)

    async def begin(self, account: AccountRow, lifetime: float) -> tuple[SessionRow, str]:
        """Begin a session of `lifetime` seconds; return it with its refresh token."""
        now = int(time.time())
        secret = secrets.token_urlsafe(32)
        row = SessionRow(
            id=secrets.token_hex(16),
            account_id=account.id,
            epoch=account.epoch,
            refresh_hash=digest(secret),
            csrf=secrets.token_urlsafe(32),
            ends=now + int(lifetime),
        )
        await self.sessions.sweep(account.id, now, _MOST_SESSIONS - 1)
        await self.sessions.insert(row)
        return row, f"{row.id}.{secret}"

    async def turn(self, row: SessionRow, secret: str) -> str:
        """Return the next refresh token, empty where the secret is not that of the newest one."""
        new = secrets.token_urlsafe(32)
        return f"{row.id}.{new}" if await self.sessions.turn(row.id, digest(secret), digest(new)) else ""

    async def note(self, origin: Cause, action: str, name: str, **more: object) -> None:
        """Write a row of the trail."""
        told = {**more, **({"address": origin.address} if origin.address else {})}
        await self._trail.note(origin.actor, origin.request, action, name, msgspec.to_builtins(told) or None)


def digest(secret: str) -> str:
    """Return the hash of a secret that is random, so that it needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
