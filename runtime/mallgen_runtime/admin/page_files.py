"""The page of a back office: the files that a browser loads, and the description that they are filled by."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.messages import JSON, Context, Next
from mallgen_runtime.http.static import StaticFolder

_FILES = str(Path(__file__).resolve().parent / "page")
_RULES = (
    "default-src 'self'; img-src 'self' blob:{images}; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class AdminPage:
    """A middleware that serves the page at `/`, where no route is.

    `images` are the origins that pictures may come from beside the service's own, such as `https://cdn.example.com`.
    """

    def __init__(self, images: Sequence[str] = ()) -> None:
        wrong = [origin for origin in images if set(origin) & set(" ;,'\r\n\t")]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no origin: write it as https://cdn.example.com")
        self._folder = StaticFolder("", _FILES, "index.html", "", 0, False)
        self._headers = {
            "content-security-policy": _RULES.format(images="".join(f" {origin}" for origin in images)),
            "cross-origin-opener-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
        }

    async def handle(self, ctx: Context, next_: Next) -> Response:
        """Answer with a file of the page; all else goes on to the routes."""
        if ctx.matched is None and ctx.method in ("GET", "HEAD"):
            found = await asyncio.to_thread(self._folder.answer, ctx)
            if found is not None:
                found.headers.update(self._headers)
                return found
        return await next_(ctx)


def described(page: str) -> Response:
    """Answer with the description of a contract's tables."""
    return Response(page.encode(), 200, {"content-type": JSON, "cache-control": "no-store"})
