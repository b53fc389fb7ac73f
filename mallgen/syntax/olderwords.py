"""The words of a text in the older dialect, read from any position; what has been looked for in vain is remembered."""

import re
from typing import NamedTuple

_BLANK = re.compile(r"(?:\s+|//[^\r\n]*)*+")
_WORD = re.compile(r"""(?P<string>"[^"]*"|`[^`]*`)|(?P<name>@?[\w$]+)|(?P<sign>\S)""")
_ESCAPED = re.compile(r'"(?:\\[^\r\n]|[^"\\\r\n])*+("?)')  # a text with escapes, which ends on its line


class OlderWord(NamedTuple):
    """A word, text or sign: `kind` is name, string or sign."""

    kind: str
    value: str
    start: int
    end: int


class Words:
    """Reads the words of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._plain = range(0)
        self._last_comment = len(text)
        self._last_brace = len(text)

    def at(self, position: int) -> OlderWord | None:
        """The next word, text or sign."""
        start = self._behind_comments(position)
        if end := self._escaped(start):
            return OlderWord("string", self.text[start:end], start, end)
        match = _WORD.match(self.text, start)
        if match is None:
            return None
        return OlderWord(match.lastgroup or "", match.group(), start, match.end())

    def _behind_comments(self, position: int) -> int:
        """The position behind spaces and comments; behind the last `*/` no `/*` is looked at again."""
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

    def _escaped(self, start: int) -> int:
        """Where the text with escapes ends that begins here, else 0.

        Where one has no end on its line, none that begins further on has: its quotation marks are all escaped.
        """
        if start in self._plain or not self.text.startswith('"', start):
            return 0
        match = _ESCAPED.match(self.text, start)
        if match is None or match[1]:
            return match.end() if match else 0
        self._plain = range(start, match.end())
        return 0

    def brace(self, position: int) -> int:
        """Where the next `{` is; -1 when there is none."""
        found = self.text.find("{", position, self._last_brace)
        if found < 0:
            self._last_brace = min(position, self._last_brace)
        return found
