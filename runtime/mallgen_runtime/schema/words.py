"""The words of `validate` tags that say what a text looks like, as in go-playground's validator. All are linear."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

_LABEL = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?")
_LOCAL = re.compile(r'[^\s"(),:;<>@\[\]\\\x00-\x1f\x7f.]++(?:\.[^\s"(),:;<>@\[\]\\\x00-\x1f\x7f.]++)*+')
_SCHEME = re.compile(r"([A-Za-z][0-9A-Za-z+.-]*+):(.*+)", re.DOTALL)
_UNFIT = re.compile(r"[\x00-\x20\x7f]")
_HEX = "[0-9a-f]"


def _matches(pattern: str) -> Callable[[str], bool]:
    fits = re.compile(pattern).fullmatch
    return lambda text: fits(text) is not None


def _parses(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return holds


def _is_hostname(text: str) -> bool:
    return 0 < len(text) <= 253 and all(_LABEL.fullmatch(part) for part in text.split("."))


def _is_domain(text: str) -> bool:
    """Return whether a name has a dot and ends in letters; letters of any language count."""
    try:
        plain = text.removesuffix(".").encode("idna").decode()
    except UnicodeError:
        return False
    return "." in plain and _is_hostname(plain) and not plain.rpartition(".")[2].isdigit()


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at) and len(text) <= 320 and _LOCAL.fullmatch(local) is not None and _is_domain(domain)


def _is_url(text: str) -> bool:
    found = _SCHEME.fullmatch(text)
    if found is None or _UNFIT.search(text):
        return False
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - it is read here
    except ValueError:
        return False
    opaque = found[2][:1] not in ("", "/", "?", "#")
    return bool(parts.hostname or parts.fragment or opaque or (found[1].lower() == "file" and parts.path))


def _is_http(text: str) -> bool:
    return text.lower().startswith(("http://", "https://")) and _is_url(text) and bool(urlsplit(text).hostname)


def _is_uri(text: str) -> bool:
    if _UNFIT.search(text):
        return False
    return text.startswith("/") or _SCHEME.fullmatch(text) is not None


def _uuid(version: str, variant: str = "[0-9a-f]", flags: str = "") -> Callable[[str], bool]:
    return _matches(f"{flags}{_HEX}{{8}}-{_HEX}{{4}}-{version}{_HEX}{{3}}-{variant}{_HEX}{{3}}-{_HEX}{{12}}")


TEXT_WORDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "alpha": (_matches("[A-Za-z]+"), "must have letters only"),
    "alphanum": (_matches("[0-9A-Za-z]+"), "must have letters and digits only"),
    "alphaunicode": (str.isalpha, "must have letters only"),
    "alphanumunicode": (str.isalnum, "must have letters and digits only"),
    "numeric": (_matches(r"[-+]?[0-9]+(?:\.[0-9]+)?"), "must be a number"),
    "number": (_matches("[0-9]+"), "must have digits only"),
    "hexadecimal": (_matches("(?:0[xX])?[0-9A-Fa-f]+"), "must be hexadecimal"),
    "hexcolor": (_matches("#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})"), "must be a colour such as #a0b1c2"),
    "boolean": (_matches("1|t|T|TRUE|true|True|0|f|F|FALSE|false|False"), "must be true or false"),
    "lowercase": (lambda text: bool(text) and text == text.lower(), "must be in lower case"),
    "uppercase": (lambda text: bool(text) and text == text.upper(), "must be in upper case"),
    "ascii": (str.isascii, "must be ASCII"),
    "printascii": (_matches("[ -~]*"), "must be printable ASCII"),
    "email": (_is_email, "must be an e-mail address"),
    "url": (_is_url, "must be a URL"),
    "http_url": (_is_http, "must be a URL of http or https"),
    "uri": (_is_uri, "must be a URI"),
    "hostname": (_is_hostname, "must be the name of a host"),
    "hostname_rfc1123": (_is_hostname, "must be the name of a host"),
    "fqdn": (_is_domain, "must be a domain name"),
    "ip": (_parses(ipaddress.ip_address), "must be an IP address"),
    "ipv4": (_parses(ipaddress.IPv4Address), "must be an IPv4 address"),
    "ipv6": (_parses(ipaddress.IPv6Address), "must be an IPv6 address"),
    "cidr": (lambda text: "/" in text and _is_network(text), "must be a network such as 10.0.0.0/8"),
    "mac": (_matches("[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5,7}|(?:-[0-9A-Fa-f]{2}){5,7})"), "must be a MAC address"),
    "e164": (_matches(r"\+[1-9]?[0-9]{7,14}"), "must be a telephone number such as +49301234567"),
    "uuid": (_uuid(_HEX), "must be a UUID in lower case"),
    "uuid3": (_uuid("3"), "must be a UUID of version 3"),
    "uuid4": (_uuid("4", "[89ab]"), "must be a UUID of version 4"),
    "uuid5": (_uuid("5", "[89ab]"), "must be a UUID of version 5"),
    "uuid_rfc4122": (_uuid(_HEX, flags="(?i)"), "must be a UUID"),
    "json": (_parses(lambda text: msgspec.json.decode(text)), "must be JSON"),
    "base64": (
        _matches("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"),
        "must be base64",
    ),
    "md5": (_matches(f"{_HEX}{{32}}"), "must be an MD5 sum"),
    "sha256": (_matches(f"{_HEX}{{64}}"), "must be a SHA-256 sum"),
    "sha512": (_matches(f"{_HEX}{{128}}"), "must be a SHA-512 sum"),
}


def _is_network(text: str) -> bool:
    return _parses(lambda given: ipaddress.ip_network(given, strict=False))(text)
