"""The words of a text in the older dialect, read from any position; failed searches are remembered, not repeated."""

import re
from typing import NamedTuple

_BLANK = re.compile(r"(?:\s+|//[^\r\n]*)*+")
_WORD = re.compile(r"""(?P<string>"[^"]*"|`[^`]*`)|(?P<name>@?[\w$]+)|(?P<sign>\S)""")
_ESCAPED = re.compile(r'"(?:\\[^\r\n]|[^"\\\r\n])*+("?)')  # a text with escapes, which ends on its line


class OlderWord(NamedTuple):
    """A word, a text or a sign: `kind` is name, string or sign."""

    kind: str
    value: str
    start: int
    end: int


class Words:
    """A reader of the words of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._without_ends = range(0)  # no text with escapes that begins here has an end
        self._last_comment = len(text)  # no `/*` from here on is closed
        self._last_brace = len(text)  # there is no `{` from here on

    def at(self, position: int) -> OlderWord | None:
        """Return the next word, text or sign from `position` on, or None at the end."""
        start = self._behind_comments(position)
        if end := self._escaped_end(start):
            return OlderWord("string", self.text[start:end], start, end)
        match = _WORD.match(self.text, start)
        if match is None:
            return None
        return OlderWord(match.lastgroup or "", match.group(), start, match.end())

    def _behind_comments(self, position: int) -> int:
        """Return the position behind spaces and comments; a `/*` that is never closed is no comment."""
        while match := _BLANK.match(self.text, position):
            position = match.end()
            if not self.text.startswith("/*", position) or position >= self._last_comment:
                break
            end = self.text.find("*/", position + 2)
            if end < 0:
                self._last_comment = position
                break
            position = end + 2
        return position

    def _escaped_end(self, start: int) -> int:
        """Return the end of the text with escapes that begins at `start`, else 0.

        Where it has no end on its line, no text that begins further on has: all quotation marks are escaped.
        """
        if start in self._without_ends or not self.text.startswith('"', start):
            return 0
        match = _ESCAPED.match(self.text, start)
        if match is None or match[1]:
            return match.end() if match else 0
        self._without_ends = range(start, match.end())
        return 0

    def brace(self, position: int) -> int:
        """Return the position of the next `{`, -1 when there is none."""
        brace = self.text.find("{", position, self._last_brace)
        if brace < 0:
            self._last_brace = min(position, self._last_brace)
        return brace
