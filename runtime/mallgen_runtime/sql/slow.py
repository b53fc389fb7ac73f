"""The log line of a slow statement. Values are bound, so they are not in it; literals of the statement are masked."""

import logging
import re
from functools import lru_cache

_LOG = logging.getLogger("mallgen.sql")
_LITERAL = re.compile(r"'(?:[^'\\]|''|\\.)*'|(?<![$\w])\d+(?:\.\d+)?\b")
_SPACE = re.compile(r"\s+")
_LONGEST = 1000


class SlowLog:
    """Logs statements that take `threshold` seconds or more; 0: none."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold or float("inf")

    def note(self, sql: str, taken: float) -> None:
        """Log a statement that took some seconds, if it was slow."""
        if taken >= self._threshold:
            fields = {"duration": f"{taken * 1000:.1f}ms"}
            _LOG.warning("[SQL] slowcall - %s", shown(sql), extra={"fields": fields})


@lru_cache(256)
def shown(sql: str) -> str:
    """Return a statement as it may be logged: in one line, without literals."""
    text = _SPACE.sub(" ", _LITERAL.sub("?", sql)).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
