"""The blocks of a settings file that the contract asks for: which are missing, and the file with them behind it."""

import re
from collections.abc import Iterable

from mallgen.output.signature import SettingsBlock

_KEY = re.compile(rb"^[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*:(?:\s|$)", re.M)


def missing(data: bytes, blocks: Iterable[SettingsBlock]) -> tuple[SettingsBlock, ...]:
    """The blocks whose key is not in the file, in any case and with or without underscores, as the runtime reads it."""
    keys = {_plain(key.decode()) for key in _KEY.findall(data)}
    return tuple(block for block in blocks if _plain(block.key) not in keys)


def is_flow(data: bytes) -> bool:
    """Whether the whole file is one `{…}`, JSON for instance: nothing can be appended to it."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def appended(data: bytes, blocks: Iterable[SettingsBlock]) -> bytes:
    """The file with the blocks as text behind it; what was there stays as it is."""
    newline = "\r\n" if b"\r\n" in data else "\n"
    ended = not data or data.endswith((b"\n", b"\r"))
    text = "".join(newline + newline.join(block.lines) + newline for block in blocks)
    return data + ("" if ended else newline).encode() + text.encode()


def _plain(key: str) -> str:
    return key.replace("_", "").lower()
