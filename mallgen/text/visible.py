"""Text for a terminal: control characters of contracts and file names escaped, numbers with their nouns."""

import re


def visible(text: str, kept: str = "") -> str:
    """Return `text` with control characters and invisible ones escaped, except those in `kept`.

    The escapes are those of JSON and Python, `\\u001b`: a contract must not control the terminal, JSON stays JSON.
    """
    rest = text
    for char in kept:
        rest = rest.replace(char, "")
    if rest.isprintable():  # the fast path: most reports have nothing to escape
        return text

    def shown(found: re.Match[str]) -> str:
        return "".join(char if char.isprintable() or char in kept else _escape(char) for char in found[0])

    return re.sub(rf"[^ -~{re.escape(kept)}]+", shown, text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 route`, `2 routes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
