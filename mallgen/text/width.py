"""How wide a text is on a terminal and for black."""

import unicodedata


def width(text: str) -> int:
    """Columns that black counts for a line: wide characters are two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
