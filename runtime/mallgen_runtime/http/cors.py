"""Answers to pages of other origins: the Fetch standard's CORS protocol, by settings."""

import re
from collections.abc import Sequence

from mallgen_runtime.http.conf import CorsConf, RestConf
from mallgen_runtime.http.messages import Context, Response
from mallgen_runtime.http.vary import vary
from mallgen_runtime.process.yaml_values import spelled

_TOKENS = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z, \t-]*")


class CorsPolicy:
    """The rules for pages of other origins, of one block of the settings.

    `is_given` is False for a service whose settings have no `Cors`; a block that a group names is given, if empty.
    `is_for_all`: all pages may call, without what the client has of the service (cookies).
    """

    def __init__(self, conf: CorsConf, name: str) -> None:
        """Take the rules of the block `name`. Raises ConfigError with all that is wrong."""
        conf.check_settings(name)
        self.is_given = conf != CorsConf() or name != "Cors"
        origins = [origin.lower() for origin in conf.origins]
        self._all = self.is_for_all = "*" in origins
        self._exact = frozenset(origins)
        parts = (origin.partition("://*.") for origin in origins if "://*." in origin)
        self._below = tuple((f"{scheme}://", f".{rest}") for scheme, _, rest in parts)
        self._methods = ", ".join(conf.methods)
        self._headers = ", ".join(conf.headers)
        self._all_headers = "*" in conf.headers
        self._credentials = conf.credentials
        self._max_age = str(conf.max_age)

    def admits(self, origin: str) -> bool:
        """Return whether pages of an origin may read answers."""
        folded = origin.lower()
        if self._all or folded in self._exact:
            return True
        return any(
            folded.startswith(scheme) and folded.endswith(rest) and len(folded) > len(scheme) + len(rest)
            for scheme, rest in self._below
        )

    def mark(self, ctx: Context, response: Response) -> bool:
        """Say on an answer whether the page of this request may read it; return whether it may."""
        if not self._all:
            vary(response, "Origin")
        origin = next(iter(ctx.headers.get("origin", ())), "")
        if not origin or not self.admits(origin):
            return False
        response.headers["access-control-allow-origin"] = "*" if self._all else origin
        if self._credentials:
            response.headers["access-control-allow-credentials"] = "true"
        return True

    def preflight(self, ctx: Context, methods: Sequence[str]) -> Response:
        """Return the answer for a page that asks whether it may call; `methods` are those of the path."""
        response = Response(b"", 204)
        for name in ("Access-Control-Request-Method", "Access-Control-Request-Headers"):
            vary(response, name)
        if not self.mark(ctx, response):
            return response
        if allowed := self._methods or ", ".join(methods):
            response.headers["access-control-allow-methods"] = allowed
        asked = ", ".join(ctx.headers.get("access-control-request-headers", ()))
        allowed = asked if self._all_headers and _TOKENS.fullmatch(asked) else self._headers
        if allowed:
            response.headers["access-control-allow-headers"] = allowed
        response.headers["access-control-max-age"] = self._max_age
        return response


def policy_of(config: RestConf, attribute: str) -> CorsPolicy:
    """Return the rules of a block of the settings. Raises ConfigError."""
    conf: CorsConf = getattr(config, attribute)
    return CorsPolicy(conf, spelled(attribute))
