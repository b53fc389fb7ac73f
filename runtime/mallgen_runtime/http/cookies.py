"""Cookies: those of a request, and the lines that set them (RFC 6265)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from mallgen_runtime.http.headers import Unsendable

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
_ATTRIBUTE = re.compile(r"[ -:<-~]*")
SameSite = Literal["Strict", "Lax", "None"]


def parse_cookies(lines: Iterable[str]) -> dict[str, str]:
    """Return the cookies of a request's Cookie headers by name; of two with one name the first counts."""
    found: dict[str, str] = {}
    for line in lines:
        for pair in line.split(";"):
            name, equals, value = pair.partition("=")
            value = value.strip(" \t")
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            if equals and name.strip(" \t"):
                found.setdefault(name.strip(" \t"), value)
    return found


def cookie_line(
    name: str,
    value: str,
    *,
    max_age: int | None,
    expires: datetime | None,
    path: str,
    domain: str,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
) -> str:
    """Return the value of a Set-Cookie header. Raises Unsendable for what a cookie cannot hold."""
    if _NAME.fullmatch(name) is None:
        raise Unsendable(f"{name!r} is not the name of a cookie")
    if _VALUE.fullmatch(value) is None:
        raise Unsendable(f"the cookie {name} has characters that cookies do not have: {value!r}; quote or encode it")
    if same_site == "None" and not secure:
        raise Unsendable(f"the cookie {name} is for other sites, so it must be secure")
    parts = [f"{name}={value}"]
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    if expires is not None:
        parts.append(f"Expires={format_datetime(expires.astimezone(UTC), usegmt=True)}")
    for key, text in (("Path", path), ("Domain", domain)):
        if _ATTRIBUTE.fullmatch(text) is None:
            raise Unsendable(f"the {key.lower()} of the cookie {name} has characters that it cannot have: {text!r}")
        if text:
            parts.append(f"{key}={text}")
    parts += [word for word, wanted in (("Secure", secure), ("HttpOnly", http_only)) if wanted]
    return "; ".join([*parts, f"SameSite={same_site}"])
