"""Did you mean …? One place, so that every message guesses alike."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word nearest to `word`, or an empty string."""
    from difflib import get_close_matches  # 8 ms to import, and only needed after a mistake

    by_case = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_case, n=1, cutoff=0.6)
    return by_case[close[0]] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the known word nearest to `word`, or an empty string."""
    guess = nearest(word, known)
    return f"did you mean `{guess}`?" if guess else ""
