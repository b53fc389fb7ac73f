"""Where the keys and values of a TOML file are, for messages about them. Pure; the text is known to be TOML."""

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
    """Keys, values and the heads of tables by their path; the elements of a list have their number as a last part."""

    keys: dict[Path, Span]
    values: dict[Path, Span]

    def value(self, *path: str) -> Span | None:
        """The value of a key, else the key itself or the head of its table, else what is around it."""
        for end in range(len(path), 0, -1):
            found = self.values.get(path[:end]) if end == len(path) else None
            found = found or self.keys.get(path[:end])
            if found is not None:
                return found
        return None

    def key(self, *path: str) -> Span | None:
        """A key or the head of a table, else the first that is in it, else what is around it."""
        for end in range(len(path), 0, -1):
            inside = (span for known, span in self.keys.items() if known[:end] == path[:end])
            found = self.keys.get(path[:end]) or next(inside, None)
            if found is not None:
                return found
        return None


def places(text: str, file: str) -> TomlPlaces:
    """Look over a TOML file once."""
    return _TomlWalk(text, file).walk()


class _TomlWalk:
    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup != "skip"]
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._at = 0
        self._row = 0
        self._found = TomlPlaces({}, {})

    def walk(self) -> TomlPlaces:
        table: Path = ()
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.lastgroup == "line":
                self._at += 1
            elif token.group() == "[":
                table = self._head()
            else:
                self._pair(table)
        return self._found

    def _is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].group() == sign

    def _head(self) -> Path:
        """`[service.cat]`, or `[[…]]`."""
        first = self._tokens[self._at]
        while self._is("["):
            self._at += 1
        path, last = self._path(), first
        while self._is("]"):
            last = self._tokens[self._at]
            self._at += 1
        self._found.keys[path] = self._span(first, last)
        return path

    def _path(self) -> Path:
        """`service.cat` or `"service".'cat'`."""
        parts: list[str] = []
        while self._at < len(self._tokens) and self._tokens[self._at].group() not in ("=", "]"):
            token = self._tokens[self._at]
            if token.lastgroup in ("word", "text"):
                parts.append(_plain(token.group()))
            self._at += 1
        return tuple(parts)

    def _pair(self, table: Path) -> None:
        first = self._tokens[self._at]
        path = (*table, *self._path())
        self._found.keys.setdefault(path, self._span(first, self._tokens[self._at - 1]))
        self._at += 1
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self._at
        if self._is("["):
            self._many(path, "]")
        elif self._is("{"):
            self._many(path, "}")
        else:
            while self._at < len(self._tokens) and not self._ends():
                self._at += 1
        if first < self._at <= len(self._tokens):
            self._found.values[path] = self._span(self._tokens[first], self._tokens[self._at - 1])

    def _ends(self) -> bool:
        token = self._tokens[self._at]
        return token.lastgroup == "line" or token.group() in (",", "]", "}")

    def _many(self, path: Path, end: str) -> None:
        """A list or an inline table; lists in lists are taken in their turn, as deep as tomllib reads them."""
        self._at += 1
        number = 0
        while self._at < len(self._tokens) and not self._is(end):
            if self._is(",") or self._tokens[self._at].lastgroup == "line":
                self._at += 1
            elif end == "}":
                self._pair(path)
            else:
                self._value((*path, str(number)))
                number += 1
        self._at += 1

    def _span(self, first: re.Match[str], last: re.Match[str]) -> Span:
        row, col = self._place(first.start())
        end_row, end_col = self._place(last.end())
        return Span(self._file, row, col, end_row, end_col)

    def _place(self, pos: int) -> tuple[int, int]:
        """Line and column from 1."""
        row = bisect_right(self._starts, pos)
        return row, pos - self._starts[row - 1] + 1


def _plain(word: str) -> str:
    """A key without its quotation marks, its escapes read."""
    if word[:1] not in ("'", '"'):
        return word
    return next(iter(tomllib.loads(f"{word} = 0")))
