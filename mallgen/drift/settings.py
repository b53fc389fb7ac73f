"""Settings blocks that the contract asks for: the missing ones of a file, and the file with them appended."""

import re
from collections.abc import Iterable

from mallgen.output.signature import SettingsBlock

_KEY = re.compile(rb"^[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*:(?:\s|$)", re.M)


def missing(data: bytes, blocks: Iterable[SettingsBlock]) -> tuple[SettingsBlock, ...]:
    """Return the blocks whose key the file lacks; as in the runtime, case and underscores do not matter."""
    keys = {_plain(key.decode()) for key in _KEY.findall(data)}
    return tuple(block for block in blocks if _plain(block.key) not in keys)


def is_flow(data: bytes) -> bool:
    """Return whether the whole file is one `{…}` or `[…]`, JSON for instance, to which nothing can be appended."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def appended(data: bytes, blocks: Iterable[SettingsBlock]) -> bytes:
    """Return the file with the blocks appended; no byte that was there changes."""
    newline = "\r\n" if b"\r\n" in data else "\n"
    ended = not data or data.endswith((b"\n", b"\r"))
    text = "".join(newline + newline.join(block.lines) + newline for block in blocks)
    return data + ("" if ended else newline).encode() + text.encode()


def _plain(key: str) -> str:
    return key.replace("_", "").lower()
