"""Settings blocks that the contract no longer asks for: of a service it does not call, of a `jwt` it dropped. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen._built.settings import CLASSES
from mallgen.drift.scalars import plain, scalars
from mallgen.text.span import Span

_CLIENT = {
    *("app", "endpoints", "etcd", "keepalivetime", "key", "maxmessage", "middlewares", "nonblock", "target"),
    *("timeout", "token", "transport"),
}
_PRODUCER = frozenset(key.lower() for key in CLASSES["ProducerConf"])
_SECRETS = {"accesssecret", "prevsecret"}
_AS_MADE = re.compile(
    rb"[^\n]*:[ \t]*\r?\n(?:  (?:Timeout: 2000|Format: json)\r?\n(?:  #[^\n]*\n?)*"
    rb"|(?:  \w+: (?:\$\{\w+_SECRET\}|86400)\r?(?:\n|\Z))+)"
)


class LeftBlock(NamedTuple):
    """A settings block, bytes `start` to `end` of the file; `is_made`: it is exactly as mallgen writes it."""

    key: str
    span: Span
    start: int
    end: int
    is_made: bool


def left(content: bytes, expected: Iterable[str], config: bytes) -> Iterator[LeftBlock]:
    """Yield the blocks neither in `expected`, the contract's, nor named in `config`, the user's module."""
    text = content.decode("utf-8", "replace")
    wanted = {plain(key) for key in expected} | {
        plain(word) for word in re.findall(r"\w+", config.decode("utf-8", "replace"))
    }
    found = scalars(text, "")
    inside: dict[str, set[str]] = {}
    for name in found:
        block, dot, rest = name.partition(".")
        inside.setdefault(block, set()).update([rest.partition(".")[0]] if dot else [])
    lines = content.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for block, keys in inside.items():
        is_client = (block.endswith("rpc") and keys <= _CLIENT) or (block.endswith("queue") and keys <= _PRODUCER)
        if block in wanted or block not in found or not keys or not (is_client or keys & _SECRETS):
            continue
        row = found[block].span.line
        last = row
        while last < len(lines) and lines[last][:1] in (b" ", b"#") and lines[last].strip():
            last += 1
        start, end = starts[row - 1], min(starts[last], len(content))
        key = lines[row - 1].partition(b":")[0].decode("utf-8", "replace").strip("\"' ")
        span = Span("", row, 1, row, max(len(key), 1) + 1)
        yield LeftBlock(key, span, start, end, _AS_MADE.fullmatch(content[start:end]) is not None)


def without(content: bytes, blocks: Iterable[LeftBlock]) -> bytes:
    """Return the file without these blocks and the empty line before each."""
    for block in sorted(blocks, key=lambda block: -block.start):
        before = content[: block.start]
        head = (
            before[:-1]
            if before.endswith(b"\n\n")
            else before.removesuffix(b"\r\n") if before.endswith(b"\n\r\n") else before
        )
        content = head + content[block.end :]
    return content
