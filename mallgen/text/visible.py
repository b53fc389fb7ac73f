"""Text on its way to a terminal: of others (contracts, file names, messages that quote them), and numbers in words."""

import re


def visible(text: str, kept: str = "") -> str:
    """`text` with control characters and those that nobody sees escaped, but for `kept`.

    The escapes are those of JSON and Python, `\\u001b`: a contract must not drive the terminal, and JSON stays JSON.
    """
    rest = text
    for char in kept:
        rest = rest.replace(char, "")
    if rest.isprintable():  # the quick way: a long report has nothing to escape
        return text

    def shown(found: re.Match[str]) -> str:
        return "".join(char if char.isprintable() or char in kept else _escape(char) for char in found[0])

    return re.sub(rf"[^ -~{re.escape(kept)}]+", shown, text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def counted(number: int, noun: str) -> str:
    """`1 route`, `2 routes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
