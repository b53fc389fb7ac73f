"""Proofs that somebody is who they say: a password, counted before it is looked at."""

import time
from typing import NamedTuple

from mallgen_runtime.admin.attempts import Attempts
from mallgen_runtime.admin.conf import AccountsConf
from mallgen_runtime.admin.devices import device_of
from mallgen_runtime.admin.passwords import Passwords
from mallgen_runtime.admin.store import AccountStore, Cause
from mallgen_runtime.admin.tables import AccountRow
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.process.durations import seconds

_NO_ACCOUNT = -1
_UNKNOWN_TOLD = 10  # rows of the trail within a minute about names that are none


class NotProved(Exception):
    """The password is wrong, the name is none, the account is disabled or locked: nobody learns which."""


class Proved(NamedTuple):
    """An account whose password was given; `device` is the browser, empty for a new one, `failed` its attempts then."""

    account: AccountRow
    device: str
    failed: int


class Proofs:
    """Compares passwords; `conf` says how often."""

    def __init__(self, store: AccountStore, passwords: Passwords, conf: AccountsConf) -> None:
        self._store = store
        self._passwords = passwords
        self._most = conf.attempts
        self._lock = seconds(conf.lock_time, "Accounts.LockTime")
        self._devices = Attempts(conf.attempts, self._lock)
        self._unknown = Attempts(_UNKNOWN_TOLD, 60.0)

    async def of(self, ctx: Context, name: str, password: str, mark: str) -> Proved:
        """Return the account whose password this is. Raises NotProved, on every way after one hash.

        A browser with the mark of the account has attempts of its own: those of strangers do not count for it.
        """
        self._passwords.need_room()
        found = await self._store.accounts.named(name)
        device = device_of(found, mark) if found is not None else ""
        may = await self._begun(found, device)
        try:
            is_right = await self._passwords.is_right(found.password_hash if found is not None else "", password)
        except ApiError:  # too many wait: nothing was compared
            await self.take_back(found if may else None, device)
            raise
        if found is None or found.disabled or not may or not is_right:
            await self._told(ctx, found, may, device)
            raise NotProved
        if not device:
            return Proved(found, "", 0)
        self._devices.take_back(device)
        return Proved(found, device, found.failed)

    async def take_back(self, found: AccountRow | None, device: str) -> None:
        """Forget an attempt that was counted; the same statement runs where none was."""
        if device and found is not None:
            self._devices.take_back(device)
        elif not device:
            await self._store.accounts.take_back(_NO_ACCOUNT if found is None else found.id)

    async def _begun(self, found: AccountRow | None, device: str) -> bool:
        """Count an attempt; return whether it may be made. The same statement runs for a name that is none."""
        if device:
            return not self._devices.begin(device)
        now = int(time.time())
        key = _NO_ACCOUNT if found is None else found.id
        return await self._store.accounts.begin_attempt(key, now, now + int(self._lock), self._most)

    async def _told(self, ctx: Context, found: AccountRow | None, was_counted: bool, device: str) -> None:
        """Write a failure into the trail: no name that is none, which may be a password in the wrong field."""
        ctx.log.warning("a login from %s was refused", ctx.client)
        if found is None:
            if not self._unknown.begin(""):
                await self._store.note(cause(ctx), "login-failed", "")
        elif was_counted:
            now = None if device else await self._store.accounts.find(found.id)
            is_locked = now is not None and now.failed >= self._most
            await self._store.note(cause(ctx), "lock-out" if is_locked else "login-failed", found.name)


def cause(ctx: Context, actor: str = "") -> Cause:
    """Return what the trail tells of a request."""
    return Cause(actor, ctx.request_id, ctx.client)
