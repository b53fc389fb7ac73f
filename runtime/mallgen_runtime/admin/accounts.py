"""Logins of an admin service: what the logic of its group `account` calls."""

import asyncio
import time
from typing import Any

import msgspec

from mallgen_runtime.admin.attempts import Attempts
from mallgen_runtime.admin.conf import AccountsConf
from mallgen_runtime.admin.cookies import BrowserCookies
from mallgen_runtime.admin.devices import new_device
from mallgen_runtime.admin.guard import SafeHeaders, SessionGuard, session_of
from mallgen_runtime.admin.names import account_name
from mallgen_runtime.admin.passwords import PasswordRefused, Passwords
from mallgen_runtime.admin.proofs import NotProved, Proofs, cause
from mallgen_runtime.admin.store import AccountStore, Session
from mallgen_runtime.admin.tables import AccountRow
from mallgen_runtime.http.conf import JwtConf, RestConf
from mallgen_runtime.http.limiting import by_address
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.tokens import issue_token
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.sql import Database

_SLOT = 0.5  # seconds: a login that fails is answered at a multiple of them, so that its time does not tell why


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
        """Raises ConfigError where no token can be signed, or none would hold."""
        issue_token(auth)
        if auth.access_expire < 1:
            raise ConfigError(f"AccessExpire is {auth.access_expire}: no token of a login would hold for a second")
        self._auth = auth
        self._lifetime = seconds(conf.session_expire, "Accounts.SessionExpire")
        self._cookies = BrowserCookies(config, conf)
        self.store = AccountStore(db)
        self.passwords = Passwords(conf.hashing, conf.min_length)
        self._proofs = Proofs(self.store, self.passwords, conf)
        self._addresses = Attempts(conf.address_attempts, 60.0)
        guard = SessionGuard(self.store, conf, self._cookies, self._browser_token)
        self.middlewares: tuple[Any, ...] = (SafeHeaders(), guard)

    async def login(self, ctx: Context, name: str, password: str) -> SessionTokens:
        """Begin a session. Raises a 429 for too many attempts of an address, else the same 401 whatever is wrong."""
        began = time.monotonic()
        self._count(ctx)
        try:
            proved = await self._proofs.of(ctx, account_name(name), password, self._cookies.device(ctx))
        except NotProved:
            await asyncio.sleep(_SLOT - (time.monotonic() - began) % _SLOT)
            raise _wrong_login() from None
        self._addresses.take_back(by_address(ctx))
        account = proved.account
        async with self.store.together() as store:
            if not await store.accounts.let_in(account, proved.failed):
                raise _wrong_login()
            row, refresh = await store.begin(account, self._lifetime)
            await store.note(cause(ctx, account.name), "login", account.name)
        session = Session(row, account)
        self._cookies.keep_session(ctx, self._browser_token(session))
        if not proved.device:
            self._cookies.keep_device(ctx, new_device(account))
        return self._tokens(session, refresh)

    async def refresh(self, ctx: Context, token: str) -> SessionTokens:
        """Return new tokens for a refresh token, which counts once: a second time it ends the session."""
        self._count(ctx)
        key, _, secret = token.partition(".")
        session = await self.store.session(key)
        if session is None:
            raise _not_valid()
        new = await self.store.turn(session.row, secret)
        if not new:
            await self._end(ctx, session, "refresh-reuse")
            raise _not_valid()
        self._addresses.take_back(by_address(ctx))
        return self._tokens(session, new)

    async def logout(self, ctx: Context) -> None:
        """End the session of a request."""
        await self._end(ctx, session_of(ctx), "logout")
        self._cookies.forget_session(ctx)

    def me(self, ctx: Context) -> OwnAccount:
        """Return the account of a request."""
        row, account = session_of(ctx)
        return OwnAccount(account.name, account.roles.split(), row.csrf)

    async def change_password(self, ctx: Context, old: str, new: str) -> None:
        """Set another password, which ends all sessions. Raises a 403 for a wrong old one, a 400 for a bad new one."""
        name = session_of(ctx).account.name
        account, hashed = await self._replaced(ctx, name, old, new)
        self._addresses.take_back(by_address(ctx))
        async with self.store.together() as store:
            if not await store.accounts.let_in(account, 0):
                raise ApiError(409, "changed", "the account has changed meanwhile: log in again")
            await store.accounts.change(account.id, password_hash=hashed, epoch=account.epoch + 1)
            await store.note(cause(ctx, name), "password", name)
        self._cookies.forget_session(ctx)

    async def _replaced(self, ctx: Context, name: str, old: str, new: str) -> tuple[AccountRow, str]:
        """Return the account whose old password was given, and the hash of the new one, which is checked first."""
        try:
            self.passwords.checked(new)
            self._count(ctx)
            proved = await self._proofs.of(ctx, name, old, self._cookies.device(ctx))
        except NotProved:
            detail = "the old password is wrong, or there were too many attempts: then wait some minutes"
            raise ApiError(403, "wrong_password", detail) from None
        except PasswordRefused as problem:
            raise ApiError(400, "bad_password", str(problem)) from problem
        try:
            return proved.account, await self.passwords.hashed(new)
        except ApiError:
            if not proved.device:  # that of a known browser is forgotten already
                await self._proofs.take_back(proved.account, "")
            raise

    async def _end(self, ctx: Context, session: Session, action: str) -> None:
        """End a session, with its row of the trail."""
        row, account = session
        async with self.store.together() as store:
            if await store.sessions.end(row.id):
                await store.note(cause(ctx, account.name), action, account.name)

    def _count(self, ctx: Context) -> None:
        if wait := self._addresses.begin(by_address(ctx)):
            detail = f"too many attempts; the next one may be made in {wait} s"
            raise ApiError(429, "too_many_attempts", detail, headers={"retry-after": str(wait)})

    def _tokens(self, session: Session, refresh: str) -> SessionTokens:
        row, account = session
        lifetime = min(self._auth.access_expire, row.ends - int(time.time()))
        token = self._token(session, lifetime)
        return SessionTokens(account.name, account.roles.split(), row.csrf, token, lifetime, refresh)

    def _browser_token(self, session: Session) -> str:
        return self._token(session, min(int(self._cookies.idle), session.row.ends - int(time.time())))

    def _token(self, session: Session, lifetime: int) -> str:
        row, account = session
        end = int(time.time()) + lifetime
        return issue_token(self._auth, sub=account.name, roles=account.roles.split(), sid=row.id, exp=end)


def _wrong_login() -> ApiError:
    detail = "the name or the password is wrong, or there were too many attempts: then wait some minutes"
    return ApiError(401, "wrong_login", detail, headers={"www-authenticate": "Bearer"})


def _not_valid() -> ApiError:
    detail = "the refresh token is not valid or was used before; log in again"
    return ApiError(401, "unauthorized", detail, headers={"www-authenticate": "Bearer"})
