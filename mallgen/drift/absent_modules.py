"""Modules of a service's own package that files which mallgen once wrote import, and that are nowhere."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from mallgen.text.span import Span

_FROM = r"^from (?P<module>{}(?:\.\w+)*) import (?P<names>\([^)]*\)|[^\n(]*)"
_NAME = re.compile(r"(\w+)(?:\s+as\s+\w+)?\s*(?:,|$)")


class AbsentModule(NamedTuple):
    """A module that is nowhere: the path of its file, and where the first file imports it."""

    path: str
    span: Span


def absent_modules(
    package: str, texts: Mapping[str, str], contents: Mapping[str, bytes], present: Iterable[str]
) -> Iterator[AbsentModule]:
    """Yield the modules of a package that `texts` import at the beginning of a line, and that are nowhere.

    `present` are paths of files, `contents` what is in some: a name that an `__init__.py` may have is no module.
    """
    known, seen = _known(present), set[str]()
    statement = re.compile(_FROM.format(re.escape(package)), re.M)
    for path, text in texts.items():
        for found in statement.finditer(text):
            module = found["module"].replace(".", "/")
            wanted = [f"{module}/{name}" for name in _names(found["names"])] if module in known else [module]
            line = text.count("\n", 0, found.start()) + 1
            for one in wanted:
                if one in known or one in seen or (one != module and _may_be_inside(one, contents, known)):
                    continue
                seen.add(one)
                file = f"{one}/__init__.py" if "/" not in one.partition("/")[2] else f"{one}.py"
                yield AbsentModule(file, Span(path, line, 1, line, len(found[0].partition("\n")[0]) + 1))


def _known(present: Iterable[str]) -> set[str]:
    """Return the paths of modules without what is behind the dot, and of all folders."""
    known: set[str] = set()
    for path in present:
        folder, _, name = path.rpartition("/")
        known.add(f"{folder}/{name.partition('.')[0]}" if folder else name.partition(".")[0])
        while folder and folder not in known:
            known.add(folder)
            folder = folder.rpartition("/")[0]
    return known


def _names(words: str) -> list[str]:
    return _NAME.findall(re.sub(r"#[^\n]*", "", words.strip("() \n")).strip())


def _may_be_inside(path: str, contents: Mapping[str, bytes], known: Container[str]) -> bool:
    """Return whether a name may be one of the `__init__.py`, or of the module, that it is imported from."""
    folder, _, name = path.rpartition("/")
    if f"{folder}/__init__" not in known:
        return f"{folder}.py" in contents
    text = contents.get(f"{folder}/__init__.py")
    return text is None or re.search(rf"\b{name}\b|import \*|__getattr__", text.decode("utf-8", "replace")) is not None
