"""The dialect of a file of DDL, by words that only one of them has."""

import re

from mallgen.tables.model import Dialect

_SAID = re.compile(r"(?:--|/\*|#)[ \t]*mallgen:dialect[ \t]+(\w+)")
_NAMES = {
    **dict.fromkeys(("mysql", "mariadb"), Dialect.MYSQL),
    **dict.fromkeys(("postgres", "postgresql", "pg"), Dialect.POSTGRES),
    **dict.fromkeys(("sqlite", "sqlite3"), Dialect.SQLITE),
}
_MARKS = {
    Dialect.MYSQL: r"`|\bENGINE\s*=|\bAUTO_INCREMENT\b|\bUNSIGNED\b|\bDEFAULT\s+CHARSET\b|/\*!\d",
    Dialect.POSTGRES: r"::|\b(?:BIG|SMALL)?SERIAL\b|\bTIMESTAMPTZ\b|\bJSONB\b|\bAS\s+IDENTITY\b|\$\w*\$|\bBYTEA\b"
    r"|\bTIMESTAMP\s+WITH|\bALTER\s+TABLE\s+ONLY\b|\bCOMMENT\s+ON\b|\bCREATE\s+TYPE\b|\bnextval\b|\bTEXT\[\]",
    Dialect.SQLITE: r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|(?m:^)\s*PRAGMA\b|\)\s*STRICT\b"
    r"|\bINTEGER\s+PRIMARY\s+KEY\b",
}
_ALL = re.compile("|".join(f"(?P<{one.value}>{marks})" for one, marks in _MARKS.items()), re.I)
_NOISE = re.compile(r"'(?:[^'\\]|''|\\.)*+'|--[^\n]*|/\*(?!!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/", re.S)
_LOOKED_AT = 1 << 18


def detect(text: str) -> Dialect:
    """Return the dialect that most marks of a file speak for; MySQL where none does.

    A comment `-- mallgen:dialect postgres` decides.
    """
    return shown(text) or Dialect.MYSQL


def shown(text: str) -> Dialect | None:
    """Return the dialect that a file shows, None where all of them may read it."""
    said = _SAID.search(text)
    if said is not None and said[1].lower() in _NAMES:
        return _NAMES[said[1].lower()]
    counts = dict.fromkeys(Dialect, 0)
    for found in _ALL.finditer(_NOISE.sub("''", text[:_LOOKED_AT])):
        counts[Dialect(found.lastgroup)] += 1
    best = max(counts, key=lambda one: counts[one])
    return best if counts[best] else None
