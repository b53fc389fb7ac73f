"""The log line of a slow statement, and the metrics of all under go-zero's names.

Values are bound, so they are not in the line; literals of the statement are masked.
"""

import logging
import re
from collections.abc import Callable
from functools import lru_cache

from mallgen_runtime.process import metrics, spans

QUERY, EXEC = "query", "exec"  # go-zero's words: what returns rows, and what does not
_LOG = logging.getLogger("mallgen.sql")
_LITERAL = re.compile(r"'(?:[^'\\]|''|\\.)*'|(?<![$\w])\d+(?:\.\d+)?\b")
_SPACE = re.compile(r"\s+")
_LONGEST = 1000
_BUCKETS = (0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000, 10000, 15000)
_NAME = "sql_client_requests"


class StatementLog:
    """Logs statements that take `threshold` seconds or more (0: none), and counts all once metrics are on."""

    def __init__(self, threshold: float, system: str = "other_sql") -> None:
        self._threshold = threshold or float("inf")
        self.system = system
        self._failure = ""
        self._timers: dict[str, Callable[[float], None]] = {}

    def measure(self) -> None:
        """Count and time statements from now on, if metrics are on."""
        for kind in (QUERY, EXEC):
            found = metrics.timer(f"{_NAME}_duration_ms", "sql client requests duration(ms).", _BUCKETS, _labels(kind))
            if found is not metrics.time_nothing:
                self._timers[kind] = found

    def note(self, kind: str, sql: str, taken: float) -> None:
        """Note that a statement has taken some seconds."""
        if self._timers:
            self._timers[kind](taken)
        if spans.active is not None:
            failure, self._failure = self._failure, ""
            operation = sql.split(None, 1)[0].upper() if sql.strip() else kind
            attributes = {"db.system.name": self.system, "db.query.text": shown(sql), "db.operation.name": operation}
            spans.active.note(operation, taken, failure, attributes)
        if taken >= self._threshold:
            fields = {"duration": f"{taken * 1000:.1f}ms"}
            _LOG.warning("[SQL] slowcall - %s", shown(sql), extra={"fields": fields})
            metrics.counter(f"{_NAME}_slow_total", "sql client requests slow count.", ("command",), (kind,))(1)

    def failed(self, kind: str, problem: Exception) -> None:
        """Note that a statement has failed, before its time is noted."""
        self._failure = type(problem).__name__
        if self._timers:
            labels, text = ("command", "error"), "sql client requests error count."
            metrics.counter(f"{_NAME}_error_total", text, labels, (kind, type(problem).__name__))(1)


@lru_cache(256)
def shown(sql: str) -> str:
    """Return a statement as it may be logged: in one line, without literals."""
    text = _SPACE.sub(" ", _LITERAL.sub("?", sql)).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _labels(kind: str) -> tuple[tuple[str, str], ...]:
    return (("command", kind),)
