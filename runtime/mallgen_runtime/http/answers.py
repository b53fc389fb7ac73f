"""Answers of a handler: bytes with status, headers and cookies, and redirects; streaming.py has those in pieces."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from mallgen_runtime.http.cookies import SameSite, cookie_line
from mallgen_runtime.http.headers import Unsendable, headers_of

_IN_URLS = ":/?#[]@!$&'()*+,;=%~"
_REDIRECTS = (301, 302, 303, 307, 308)


class Response:
    """An answer: body, status (200 by default), headers by lower-case name, cookies. A middleware may change it.

    What HTTP has no form for is refused where it is set, with Unsendable, a ValueError.
    """

    __slots__ = ("body", "cookies", "headers", "status")
    in_pieces: ClassVar[bool] = False
    says_length = True

    def __init__(self, body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body = body
        self.status = status
        self.headers: dict[str, str] = headers_of(headers)
        self.cookies: Sequence[str] = ()

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        expires: datetime | None = None,
        path: str = "/",
        domain: str = "",
        secure: bool = True,
        http_only: bool = True,
        same_site: SameSite = "Lax",
    ) -> None:
        """Set a cookie: `max_age` in seconds, or `expires`; with neither it lasts until the browser ends.

        It is sent over TLS only (`secure`), hidden from scripts (`http_only`) and not sent with requests that other
        sites make (`same_site`), unless told otherwise. A value is ASCII without spaces, quotes, commas, semicolons
        and backslashes.
        """
        line = cookie_line(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
        )
        self.cookies = (*self.cookies, line)

    def delete_cookie(self, name: str, *, path: str = "/", domain: str = "") -> None:
        """Tell the client to forget a cookie; path and domain are those that it was set with."""
        self.set_cookie(name, "", max_age=0, path=path, domain=domain)


class Redirect(Response):
    """Sends the client to another URL: 302 by default, 303 after a POST, 301 and 308 for ever, 307 with its body."""

    __slots__ = ()

    def __init__(self, url: str, status: int = 302) -> None:
        if status not in _REDIRECTS:
            raise Unsendable(f"{status} is not a redirect: {', '.join(map(str, _REDIRECTS))} are")
        super().__init__(b"", status, {"location": quote(url, safe=_IN_URLS)})
