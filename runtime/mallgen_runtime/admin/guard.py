"""Middlewares of an admin service: sessions by cookie or bearer token, and headers that keep browsers safe."""

import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

from mallgen_runtime.admin.conf import AccountsConf
from mallgen_runtime.admin.cookies import BrowserCookies
from mallgen_runtime.admin.store import AccountStore, Session
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.problems import ApiError

_SESSION = "mallgen.admin.session"
_SAFE = ("GET", "HEAD", "OPTIONS")
_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def session_of(ctx: Context) -> Session:
    """Return the session of a request. Raises a 401 where the route lets everybody in."""
    found: Session | None = ctx.state.get(_SESSION)
    if found is None:
        raise _refused("this needs a login")
    return found


class SafeHeaders:
    """Puts the headers on every answer that keep a browser from running, framing or guessing what it should not."""

    async def handle(self, ctx: Context, next_: Next) -> Response:
        """Answer, with the headers; those that the service has set itself stay."""
        response = await next_(ctx)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if ctx.matched is not None:
            response.headers.setdefault("cache-control", "no-store")
        return response


class SessionGuard:
    """Lets in those whose session holds: a token in the header, or in a cookie whose page proves that it is ours.

    `renew` makes the token of a browser's cookie.
    """

    def __init__(
        self, store: AccountStore, conf: AccountsConf, cookies: BrowserCookies, renew: Callable[[Session], str]
    ) -> None:
        self._store = store
        self._cookies = cookies
        self._renew = renew
        self._origins = frozenset(origin.lower() for origin in conf.origins)

    async def handle(self, ctx: Context, next_: Next) -> Response:
        """Check the session of a request whose route asks for a token; set the cookie of its answer."""
        route = ctx.matched.bound.route if ctx.matched is not None else None
        if route is not None and route.jwt:
            await self._let_in(ctx, is_safe=ctx.method in _SAFE and not route.websocket)
        elif ctx.method not in _SAFE:
            self._need_own_page(ctx)
        response = await next_(ctx)
        self._cookies.put(ctx, response)
        return response

    async def _let_in(self, ctx: Context, is_safe: bool) -> None:
        """Find the session of a request. Raises a 401 without one, a 403 for a page that is not ours."""
        token = self._cookies.session(ctx)
        given = ctx.headers.get("authorization", [])
        by_cookie = not given or (bool(token) and given[0][:6].lower() == "basic ")  # a proxy's own password
        if by_cookie and token:
            ctx.authorize(token)
        claims = await _checked(ctx)
        key = claims.get("sid")
        session = await self._store.session(key) if isinstance(key, str) else None
        if session is None:
            raise _refused("the session is over; log in again")
        if by_cookie and not is_safe:
            self._need_own_page(ctx)
            told = ctx.headers.get("x-csrf-token", [""])
            if len(told) != 1 or not hmac.compare_digest(told[0].encode(), session.row.csrf.encode()):
                raise ApiError(403, "bad_csrf", "X-CSRF-Token must have the value `csrf` that /me answers")
        ctx.state[_SESSION] = session
        end = claims.get("exp", 0)
        if by_cookie and end - time.time() < self._cookies.idle / 2 and end < session.row.ends:
            self._cookies.keep_session(ctx, self._renew(session))

    def _need_own_page(self, ctx: Context) -> None:
        """Raise a 403 when a browser says that a page of another origin asks; programs say nothing."""
        site = ctx.headers.get("sec-fetch-site", ["none"])
        origin = ctx.headers.get("origin", [])
        text = origin[0].lower() if origin else ""
        host = ctx.headers.get("host", [""])[0].lower()
        schemes = ("https",) if self._cookies.is_secure else ("http", "https")
        is_own = not text or text in self._origins or text in [f"{scheme}://{host}" for scheme in schemes]
        is_same = text in self._origins or all(one in ("same-origin", "none") for one in site)
        if len(origin) > 1 or not is_own or not is_same:
            raise ApiError(403, "other_origin", "a page of another origin may not do this")


async def _checked(ctx: Context) -> dict[str, Any]:
    """Return the claims of a request's token, by the rules of its route. Raises a 401."""
    from mallgen_runtime.http import jwt

    bound = ctx.matched.bound
    if bound.keys is not None:
        return await jwt.check_signed(ctx, bound.secrets, bound.keys, bound.rules)
    return jwt.check(ctx, bound.secrets, bound.rules)


def _refused(detail: str) -> ApiError:
    return ApiError(401, "unauthorized", detail, headers={"www-authenticate": "Bearer"})
