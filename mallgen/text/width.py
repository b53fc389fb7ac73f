"""The width of a text on a terminal and for black."""

import unicodedata


def width(text: str) -> int:
    """Return the columns that black counts for a line: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
