"""Logins of an admin service: what the logic of its group `account` calls."""

import asyncio
import time
from typing import Any

import msgspec

from mallgen_runtime.admin.attempts import Attempts
from mallgen_runtime.admin.conf import AccountsConf
from mallgen_runtime.admin.guard import NEW_COOKIE, SafeHeaders, SessionGuard, session_of
from mallgen_runtime.admin.names import account_name
from mallgen_runtime.admin.passwords import PasswordRefused, Passwords
from mallgen_runtime.admin.store import AccountStore, Cause
from mallgen_runtime.admin.tables import AccountRow
from mallgen_runtime.http.conf import JwtConf, RestConf
from mallgen_runtime.http.limiting import by_address
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.tokens import issue_token
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.sql import Database

_SLOT = 0.5  # seconds: a login that fails is answered at a multiple of them, so that its time does not tell why
_UNKNOWN_TOLD = 10  # rows of the trail within a minute about names that are none


class SessionTokens(msgspec.Struct, frozen=True):
    """The tokens of a session, and whose they are; `expires_in` seconds of the access token."""

    name: str
    roles: list[str]
    csrf: str
    access_token: str
    expires_in: int
    refresh_token: str


class OwnAccount(msgspec.Struct, frozen=True):
    """The account of a request, and the CSRF token of its session."""

    name: str
    roles: list[str]
    csrf: str


class Accounts:
    """Logins against the accounts in a database; tokens are those of the block `auth`.

    `middlewares` go around all requests: they let sessions in, and keep browsers safe.
    """

    def __init__(self, db: Database, config: RestConf, auth: JwtConf, conf: AccountsConf) -> None:
        """Raises ConfigError for durations that are none."""
        self._conf = conf
        self._auth = auth
        self._idle = seconds(conf.session_idle, "Accounts.SessionIdle")
        self._lifetime = seconds(conf.session_expire, "Accounts.SessionExpire")
        self._lock = seconds(conf.lock_time, "Accounts.LockTime")
        self.store = AccountStore(db)
        self.passwords = Passwords(conf.hashing, conf.min_password)
        self._addresses = Attempts(conf.address_attempts, 60.0)
        self._unknown = Attempts(_UNKNOWN_TOLD, 60.0)
        self.middlewares: tuple[Any, ...] = (SafeHeaders(), SessionGuard(self.store, config, conf, self._browser_token))

    async def login(self, ctx: Context, name: str, password: str) -> SessionTokens:
        """Begin a session. Raises a 429 for too many attempts of an address, else the same 401 whatever is wrong."""
        began = time.monotonic()
        self._count(ctx)
        found = await self._proved(account_name(name), password)
        if isinstance(found, FailedLogin):
            await self._refused(ctx, found)
            await asyncio.sleep(_SLOT - (time.monotonic() - began) % _SLOT)
            raise _wrong_login()
        self._addresses.take_back(by_address(ctx))
        async with self.store.together() as store:
            if not await store.accounts.let_in(found):
                raise _wrong_login()
            row, refresh = await store.begin(found, self._lifetime)
            await store.note(Cause(found.name, ctx.request_id, ctx.client), "login", found.name)
        ctx.state[NEW_COOKIE] = self._browser_token(found, row.id, row.ends)
        return self._entry(found, row.id, row.csrf, row.ends, refresh)

    async def refresh(self, ctx: Context, token: str) -> SessionTokens:
        """Return new tokens for a refresh token, which counts once: a second time it ends the session."""
        self._count(ctx)
        key, _, secret = token.partition(".")
        session = await self.store.session(key)
        if session is None:
            raise _not_valid()
        row, account = session
        new = await self.store.turn(row, secret)
        if not new:
            async with self.store.together() as store:
                await store.sessions.end(row.id)
                await store.note(Cause(account.name, ctx.request_id, ctx.client), "refresh-reuse", account.name)
            raise _not_valid()
        self._addresses.take_back(by_address(ctx))
        return self._entry(account, row.id, row.csrf, row.ends, new)

    async def logout(self, ctx: Context) -> None:
        """End the session of a request."""
        row, account = session_of(ctx)
        async with self.store.together() as store:
            if await store.sessions.end(row.id):
                await store.note(Cause(account.name, ctx.request_id, ctx.client), "logout", account.name)
        ctx.state[NEW_COOKIE] = ""

    def me(self, ctx: Context) -> OwnAccount:
        """Return the account of a request."""
        row, account = session_of(ctx)
        return OwnAccount(account.name, account.roles.split(), row.csrf)

    async def change_password(self, ctx: Context, old: str, new: str) -> None:
        """Set another password, which ends all sessions. Raises a 403 for a wrong old one, a 400 for a bad new one."""
        self._count(ctx)
        _, account = session_of(ctx)
        found = await self._proved(account.name, old)
        if isinstance(found, FailedLogin):
            await self._refused(ctx, found)
            raise ApiError(403, "wrong_password", "the password is wrong, or there were too many attempts")
        self._addresses.take_back(by_address(ctx))
        try:
            hashed = await self.passwords.hashed(new)
        except PasswordRefused as problem:
            raise ApiError(400, "bad_password", str(problem)) from problem
        async with self.store.together() as store:
            await store.accounts.change(found.id, password_hash=hashed, epoch=found.epoch + 1, failed=0)
            await store.note(Cause(found.name, ctx.request_id, ctx.client), "password", found.name)
        ctx.state[NEW_COOKIE] = ""

    def _count(self, ctx: Context) -> None:
        if wait := self._addresses.begin(by_address(ctx)):
            detail = f"too many attempts; the next one may be made in {wait} s"
            raise ApiError(429, "too_many_attempts", detail, headers={"retry-after": str(wait)})

    async def _proved(self, name: str, password: str) -> "AccountRow | FailedLogin":
        """Return the account whose password this is. Every way through hashes once, and asks the same statements."""
        found = await self.store.accounts.named(name)
        now = int(time.time())
        key = found.id if found is not None else -1
        may = await self.store.accounts.begin_attempt(key, now, now + int(self._lock), self._conf.attempts)
        is_right = await self.passwords.is_right(found.password_hash if found is not None else "", password)
        if found is None or found.disabled or not may or not is_right:
            return FailedLogin(found, may)
        return found

    async def _refused(self, ctx: Context, refusal: "FailedLogin") -> None:
        """Write a failure into the trail: not the name that was given, which may be a password in the wrong field."""
        ctx.log.warning("a login from %s was refused", ctx.client)
        found = refusal.account
        if found is None:
            if not self._unknown.begin(""):
                await self.store.note(Cause("", ctx.request_id, ctx.client), "login-failed", "")
        elif refusal.was_counted:
            now = await self.store.accounts.find(found.id)
            is_locked = now is not None and now.failed >= self._conf.attempts
            origin = Cause("", ctx.request_id, ctx.client)
            await self.store.note(origin, "lock-out" if is_locked else "login-failed", found.name)

    def _entry(self, account: AccountRow, key: str, csrf: str, ends: int, refresh: str) -> SessionTokens:
        lifetime = min(self._auth.access_expire, ends - int(time.time()))
        token = self._token(account, key, lifetime)
        return SessionTokens(account.name, account.roles.split(), csrf, token, lifetime, refresh)

    def _browser_token(self, account: AccountRow, key: str, ends: int) -> str:
        return self._token(account, key, min(int(self._idle), ends - int(time.time())))

    def _token(self, account: AccountRow, key: str, lifetime: int) -> str:
        end = int(time.time()) + lifetime
        return issue_token(self._auth, sub=account.name, roles=account.roles.split(), sid=key, exp=end)


class FailedLogin(msgspec.Struct, frozen=True):
    """A login that is refused: the account, if there is one, and whether the attempt counted."""

    account: AccountRow | None
    was_counted: bool


def _wrong_login() -> ApiError:
    detail = "the name or the password is wrong, or there were too many attempts: then wait some minutes"
    return ApiError(401, "wrong_login", detail, headers={"www-authenticate": "Bearer"})


def _not_valid() -> ApiError:
    detail = "the refresh token is not valid or was used before; log in again"
    return ApiError(401, "unauthorized", detail, headers={"www-authenticate": "Bearer"})
