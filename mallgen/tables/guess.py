"""Guesses at misspelt names, for the first findings of a run: each takes a millisecond or more."""

from collections.abc import Iterable, Sized
from itertools import islice

from mallgen.text.suggest import did_you_mean

_FINDINGS, _COMPARED, _LONGEST = 100, 500, 100


def guess(found: Sized, word: str, known: Iterable[str]) -> str:
    """Return a hint with the known name nearest to a word; none where there is none, or when much is `found`."""
    return "" if len(found) > _FINDINGS else did_you_mean(word[:_LONGEST], list(islice(known, _COMPARED)))
