"""Rules for the handshake of a WebSocket: what a request must have, and which pages may ask."""

import binascii
from urllib.parse import urlsplit

from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.cors import CorsPolicy
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError

_PORTS = {"http": ":80", "https": ":443"}
_VERSION = "13"


class SocketRules:
    """The limits of a route's sockets, and the pages that may open one; `open` counts those that are."""

    def __init__(self, limits: WebSocketConf, pages: CorsPolicy) -> None:
        self.limits = limits
        self.open = 0
        self._pages = pages

    def check(self, ctx: Context) -> None:
        """Raise an ApiError for a request that is no handshake, or that a page of another origin made."""
        if ctx.scope["type"] == "http":  # other servers have looked at it
            _check_upgrade(ctx)
        origins = ctx.headers.get("origin", [])
        if origins and not (len(origins) == 1 and self._admits(origins[0], ctx)):
            raise ApiError(403, "foreign_origin", "pages of this origin may not open the socket")

    def _admits(self, origin: str, ctx: Context) -> bool:
        """Return whether a page may open a socket: browsers ask nobody before, and send cookies along."""
        if self._pages.is_for_all:
            return "cookie" not in ctx.headers or _is_same(origin, ctx)
        return self._pages.admits(origin) or _is_same(origin, ctx)


def _is_same(origin: str, ctx: Context) -> bool:
    """Return whether a page comes from the host that it asks; a proxy in front may speak TLS for it."""
    try:
        page = urlsplit(origin.lower())
    except ValueError:
        return False
    port = _PORTS.get(page.scheme)
    host = next(iter(ctx.headers.get("host", ())), "").lower()
    return port is not None and bool(host) and page.netloc.removesuffix(port) == host.removesuffix(port)


def _check_upgrade(ctx: Context) -> None:
    if ctx.method != "GET" or "websocket" not in _words(ctx, "upgrade") or "upgrade" not in _words(ctx, "connection"):
        headers = {"upgrade": "websocket", "connection": "upgrade"}
        raise ApiError(426, "upgrade_required", f"{ctx.url_path} answers with a WebSocket", headers=headers)
    versions = ctx.headers.get("sec-websocket-version", [])
    if versions != [_VERSION]:
        headers = {"sec-websocket-version": _VERSION}
        raise ApiError(426, "upgrade_required", "Sec-WebSocket-Version must be 13", headers=headers)
    keys = ctx.headers.get("sec-websocket-key", [])
    if ctx.scope["http_version"] != "1.1" or len(keys) != 1 or not _is_key(keys[0]):
        raise ApiError(400, "bad_handshake", "Sec-WebSocket-Key must be 16 bytes as base64, in a request of HTTP/1.1")
    if "transfer-encoding" in ctx.headers or ctx.headers.get("content-length", ["0"]) != ["0"]:
        raise ApiError(400, "bad_handshake", "a handshake has no body: what follows it is read as messages")


def _words(ctx: Context, name: str) -> set[str]:
    return {word.strip().lower() for line in ctx.headers.get(name, ()) for word in line.split(",")}


def _is_key(key: str) -> bool:
    try:
        return len(key) == 24 and len(binascii.a2b_base64(key.encode(), strict_mode=True)) == 16
    except ValueError:
        return False
