"""The keys of the cache: `cache:<database>:<table>:<column>:{<value>}`.

The part in braces decides on the node of a Redis cluster, so that all keys of a list are on one. The prefix stays as it
is; every other part is escaped: no value can look like two, like another key, or bring bytes that a terminal obeys.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

_LONGEST = 200  # characters of the values in a key; longer ones go in as a digest
_PLAIN = re.compile(r"[A-Za-z0-9._~!$'()+;=@/-]+\Z")
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~!$'()+;=@/-")

_KINDS = (bool, int, float, Decimal, bytes, datetime)  # whose heirs are spelt as they are


@lru_cache(4096)
def stem(prefix: str, database: str, table: str, columns: Sequence[str]) -> str:
    """Return the part of a key before its values, with the opening brace."""
    return f"{prefix}:{escaped(database)}:{escaped(table)}:{','.join(map(escaped, columns))}:{{"


@lru_cache(4096)
def own_stem(prefix: str, database: str, table: str, kind: str, *names: str) -> str:
    """Return a stem for what is no column: no column's name begins with `%` and a small letter, as `kind` does here."""
    return f"{prefix}:{escaped(database)}:{escaped(table)}:{','.join([f'%{kind}', *map(escaped, names)])}:{{"


def key(before: str, values: Sequence[Any]) -> str:
    """Return the key for values of the columns in a stem.

    Texts that a collation may hold to be equal have one key, so that a write under one spelling is seen under all;
    readers compare the exact values.
    """
    if len(values) == 1 and type(values[0]) is int:
        return f"{before}{values[0]}}}"
    return _whole(before, [_spelt(_folded(value) if isinstance(value, str) else value) for value in values])


def own_key(before: str, words: Sequence[Any]) -> str:
    """Return the key for what somebody calls by words: each has its type, so that 1, `1`, 1.0 and True differ."""
    return _whole(before, [_typed(word) for word in words])


def escaped(text: str) -> str:
    """Return a text in which only harmless ASCII stands for itself; an empty one is `%`."""
    if _PLAIN.match(text):
        return text
    return "".join([chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in text.encode("utf-8", "replace")]) or "%"


def _whole(before: str, parts: Sequence[str]) -> str:
    text = ":".join(parts)
    if len(text) > _LONGEST:
        text = f"%%{hashlib.blake2b(text.encode(), digest_size=20).hexdigest()}"
    return f"{before}{text}}}"


def _spelt(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, float):
        return escaped(repr(value + 0.0))
    if isinstance(value, Decimal):
        return escaped(f"{value.normalize() + 0:f}")
    if isinstance(value, bytes):
        return value.hex() or "%"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return escaped(str(value.timestamp()))
    return escaped(str(value))


def _typed(word: Any) -> str:
    """Return a text as it is, and all else behind its type: no escaped text has a `%` and a small letter."""
    if isinstance(word, str):
        return escaped(word)
    kind = next((one for one in _KINDS if isinstance(word, one)), type(word))
    return f"%t{escaped(kind.__qualname__)}={_spelt(word)}"


def _folded(text: str) -> str:
    """Return a text without the differences that collations overlook: case, accents, width, spaces at the end."""
    if text.isascii():
        plain = text.lower()
    else:
        plain = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    return plain.rstrip(" ")
