"""The files of a service's tables: paths and patterns to texts. An edge: it lists folders and reads files."""

import glob
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.loading.sources import Unreadable, limits, read_text

_NUMBERS = re.compile(r"[0-9]{1,18}|[^0-9]+|[0-9]+")


class DdlFiles(NamedTuple):
    """The texts of DDL files by path, in the order in which their statements apply; and what cannot be read."""

    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]


def read_ddl(patterns: Iterable[str]) -> DdlFiles:
    """Read the files of paths and patterns such as `sql/*.sql`; those of one pattern by the numbers in their names."""
    texts: dict[str, str] = {}
    problems: list[Diagnostic] = []
    most = limits()
    for pattern in patterns:
        found = matching(pattern)
        if not found:
            message, hint = f"no file is named `{os.path.normpath(pattern)}`", "name the files with the CREATE TABLEs"
            problems.append(Diagnostic("no-such-file", message, hint=hint))
        for path in found:
            if len(texts) >= most.files:
                message, hint = f"there are more than {most.files} files of tables", "join some of them"
                return DdlFiles(texts, (*problems, Diagnostic("too-many-files", message, hint=hint)))
            try:
                texts.setdefault(path, read_text(path, most.bytes, ".sql"))
            except Unreadable as problem:
                problems.append(Diagnostic(problem.code, problem.message, hint=problem.hint))
    return DdlFiles(texts, tuple(problems))


def matching(pattern: str) -> list[str]:
    """Return the files that a path or pattern names, `2_x.sql` before `10_x.sql`."""
    path = os.path.normpath(pattern)
    if os.path.isfile(path) or not glob.has_magic(path):
        return [path] if os.path.lexists(path) else []
    return sorted(filter(os.path.isfile, glob.glob(path)), key=natural)


def natural(path: str) -> list[tuple[int, int, str]]:
    """Return the key that sorts paths by the numbers in them."""
    pieces = _NUMBERS.findall(path)
    return [(0, int(one), "") if one.isascii() and one.isdigit() and len(one) < 19 else (1, 0, one) for one in pieces]
