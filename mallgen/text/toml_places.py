"""The spans of the keys and values of a TOML file, for messages about them. Pure; the text has to be valid TOML."""

import re
import tomllib
from bisect import bisect_right
from typing import NamedTuple

from mallgen.text.span import Span

Path = tuple[str, ...]
_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)|(?P<line>\n)"""
    r"""|(?P<text>\"{3}(?:[^\"\\]|\\.|\"{1,2}(?!\"))*\"{3,5}|'{3}(?:[^']|'{1,2}(?!'))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
    r"""|(?P<sign>[\[\]{}=,.])|(?P<word>[^\s\[\]{}=,.\#"']+)""",
    re.S,
)


class TomlPlaces(NamedTuple):
    """The spans of keys, values and table headers by path; an element of a list has its index as the last part."""

    keys: dict[Path, Span]
    values: dict[Path, Span]

    def value(self, *path: str) -> Span | None:
        """Return the span of a key's value, else of the key or table header, else of the nearest path around it."""
        for end in range(len(path), 0, -1):
            span = self.values.get(path[:end]) if end == len(path) else None
            span = span or self.keys.get(path[:end])
            if span is not None:
                return span
        return None

    def key(self, *path: str) -> Span | None:
        """Return the span of a key or table header, else of the first key in it, else of the nearest path around it."""
        for end in range(len(path), 0, -1):
            inside = (key for known, key in self.keys.items() if known[:end] == path[:end])
            span = self.keys.get(path[:end]) or next(inside, None)
            if span is not None:
                return span
        return None


def places(text: str, file: str) -> TomlPlaces:
    """Return the spans of a TOML text; `file` is the name that they carry."""
    return _TomlWalk(text, file).walk()


class _TomlWalk:
    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup != "skip"]
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._at = 0
        self._row = 0
        self._spans = TomlPlaces({}, {})

    def walk(self) -> TomlPlaces:
        table: Path = ()
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.lastgroup == "line":
                self._at += 1
            elif token.group() == "[":
                table = self._table_header()
            else:
                self._key_value(table)
        return self._spans

    def _is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].group() == sign

    def _table_header(self) -> Path:
        """Read the header of a table, `[service.cat]` or `[[…]]`, and return its path."""
        first = self._tokens[self._at]
        while self._is("["):
            self._at += 1
        path, last = self._dotted_key(), first
        while self._is("]"):
            last = self._tokens[self._at]
            self._at += 1
        self._spans.keys[path] = self._span(first, last)
        return path

    def _dotted_key(self) -> Path:
        """Read a dotted key, `service.cat` or `"service".'cat'`, up to the `=` or `]` behind it."""
        parts: list[str] = []
        while self._at < len(self._tokens) and self._tokens[self._at].group() not in ("=", "]"):
            token = self._tokens[self._at]
            if token.lastgroup in ("word", "text"):
                parts.append(_unquoted(token.group()))
            self._at += 1
        return tuple(parts)

    def _key_value(self, table: Path) -> None:
        first = self._tokens[self._at]
        path = (*table, *self._dotted_key())
        self._spans.keys.setdefault(path, self._span(first, self._tokens[self._at - 1]))
        self._at += 1
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self._at
        if self._is("["):
            self._list_or_table(path, "]")
        elif self._is("{"):
            self._list_or_table(path, "}")
        else:
            while self._at < len(self._tokens) and not self._is_value_end():
                self._at += 1
        if first < self._at <= len(self._tokens):
            self._spans.values[path] = self._span(self._tokens[first], self._tokens[self._at - 1])

    def _is_value_end(self) -> bool:
        token = self._tokens[self._at]
        return token.lastgroup == "line" or token.group() in (",", "]", "}")

    def _list_or_table(self, path: Path, end: str) -> None:
        """Read a list or an inline table; nested ones recurse, no deeper than tomllib reads them."""
        self._at += 1
        number = 0
        while self._at < len(self._tokens) and not self._is(end):
            if self._is(",") or self._tokens[self._at].lastgroup == "line":
                self._at += 1
            elif end == "}":
                self._key_value(path)
            else:
                self._value((*path, str(number)))
                number += 1
        self._at += 1

    def _span(self, first: re.Match[str], last: re.Match[str]) -> Span:
        row, col = self._line_col(first.start())
        end_row, end_col = self._line_col(last.end())
        return Span(self._file, row, col, end_row, end_col)

    def _line_col(self, pos: int) -> tuple[int, int]:
        """Return line and column, both from 1, of an offset."""
        row = bisect_right(self._starts, pos)
        return row, pos - self._starts[row - 1] + 1


def _unquoted(word: str) -> str:
    """Return a key without its quotation marks, its escapes resolved."""
    if word[:1] not in ("'", '"'):
        return word
    return next(iter(tomllib.loads(f"{word} = 0")))
