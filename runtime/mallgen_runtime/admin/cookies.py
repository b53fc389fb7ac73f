"""The cookies of an admin service: a browser's session, and the mark by which it is known again."""

import re
from typing import NamedTuple

from mallgen_runtime.admin.conf import AccountsConf
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.http.messages import Context, Response
from mallgen_runtime.process.durations import seconds

_SET = "mallgen.admin.cookies"  # in the state of a request: the cookies that its answer sets, by name
_DEVICE_AGE = 180 * 86_400


class Cookie(NamedTuple):
    """A value and its seconds; none to forget it."""

    value: str
    age: int


class BrowserCookies:
    """Reads the cookies of requests, and keeps those that their answers set. Names differ from service to service.

    All are HttpOnly and SameSite=Strict, over TLS also Secure and bound to the host.
    """

    def __init__(self, config: RestConf, conf: AccountsConf) -> None:
        self.is_secure = bool(config.cert_file) if conf.secure_cookie is None else conf.secure_cookie
        self.idle = seconds(conf.session_idle, "Accounts.SessionIdle")
        word = re.sub(r"[^A-Za-z0-9_-]", "_", config.name)
        prefix = "__Host-" if self.is_secure else ""
        self._session, self._device = f"{prefix}{word}_session", f"{prefix}{word}_device"

    def session(self, ctx: Context) -> str:
        """Return the token of a browser's session, empty without one."""
        return ctx.cookies.get(self._session, "")

    def device(self, ctx: Context) -> str:
        """Return the mark of a browser, empty without one."""
        return ctx.cookies.get(self._device, "")

    def keep_session(self, ctx: Context, token: str) -> None:
        """Set the token of a session on the answer of a request."""
        self._kept(ctx)[self._session] = Cookie(token, int(self.idle))

    def keep_device(self, ctx: Context, mark: str) -> None:
        """Set the mark of a browser on the answer of a request."""
        self._kept(ctx)[self._device] = Cookie(mark, _DEVICE_AGE)

    def forget_session(self, ctx: Context) -> None:
        """Let the answer of a request forget the session; the browser stays known."""
        self._kept(ctx)[self._session] = Cookie("", 0)

    def put(self, ctx: Context, response: Response) -> None:
        """Set what was kept, unless the request has failed."""
        for name, (value, age) in self._kept(ctx).items() if response.status < 400 else ():
            response.set_cookie(name, value, max_age=age, secure=self.is_secure, same_site="Strict")

    def _kept(self, ctx: Context) -> dict[str, Cookie]:
        found: dict[str, Cookie] = ctx.state.setdefault(_SET, {})
        return found
