"""Guesses at a misspelt word ("did you mean …?"), made here for every message, so that all guess alike."""

import re
from collections.abc import Iterable

_GUESS = re.compile(r"did you mean `([^`]+)`")


def nearest(word: str, known: Iterable[str], least: float = 0.6) -> str:
    """Return the known word nearest to `word`, or an empty string; `least` is how alike they must be, from 0 to 1."""
    from difflib import get_close_matches  # 8 ms to import, and only needed after a mistake

    by_case = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_case, n=1, cutoff=least)
    return by_case[close[0]] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint with the known word nearest to `word`, or an empty string."""
    guess = nearest(word, known)
    return f"did you mean `{guess}`?" if guess else ""


def guessed(hint: str) -> str:
    """Return the word that a hint of `did_you_mean` proposes, or an empty string."""
    match = _GUESS.match(hint)
    return match[1] if match is not None else ""
