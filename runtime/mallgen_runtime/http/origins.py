"""Checks settings about pages of other origins."""

import re
from collections.abc import Iterator, Mapping, Sequence

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\*\.)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def wrong_origins(origins: Sequence[str], credentials: bool, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what no browser takes; `names` are the words of the settings that must be names, by setting."""
    if not origins:
        yield "Origins is empty, so that no page may call; name them, or leave out the block"
    if credentials and "*" in origins:
        yield "Origins has `*` beside Credentials, which browsers refuse; name the origins"
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin.lower()):
            hint = "write scheme, host and port alone, as in https://shop.example or https://*.shop.example:8443"
            yield f"Origins has `{origin}`, which is no origin; {hint}"
    for key, words in names.items():
        yield from (f"{key} has `{word}`, which is no name" for word in words if not _TOKEN.fullmatch(word))
