"""Files of statements that a database takes or refuses, case by case."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, Read, read

_HEAD = re.compile(r"^-- (ok|bad [a-z-]+)(?:: ([^\n]*?))?(, \w+ (?:takes|refuses) it)?\n", re.M)


class Case(NamedTuple):
    """Statements; `code` is what we refuse them with, empty where we take them; the database may say what `differs`."""

    title: str
    code: str
    differs: bool
    text: str


def cases(path: Path) -> Iterator[Case]:
    """Yield the cases of a file."""
    text = path.read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, end in zip(heads, ends, strict=True):
        yield Case(head[2], head[1].removeprefix("ok").removeprefix("bad "), bool(head[3]), text[head.end() : end])


def judged(case: Case, dialect: Dialect) -> Read:
    """Read the statements of a case and check that they have the case's error alone; warnings do not count."""
    result = read([DdlSource("t.sql", case.text)], dialect)
    errors = {one.code for one in result.diagnostics if one.severity == "error"}
    assert errors == ({case.code} if case.code else set()), result.diagnostics
    return result
