"""Names of a service outside of its code, to change when its package is renamed: distribution, registry key. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_WORD = re.compile(rb"(?<![\w-])[A-Za-z_][\w-]*")
_DISTRIBUTION = re.compile(r"^name = \"([^\"\n]+)\"$", re.M)
_VALUE = rb"[ \t]*[\"']?(?P<name>[\w.-]+)[\"']?[ \t]*\r?$"
_NAME = re.compile(rb"^Name:" + _VALUE, re.M)
_KEY = re.compile(rb"^(?:# ?)?Etcd:[ \t]*\r?\n(?:(?:#|[ ])(?![ ]*Key:)[^\n]*\n)*(?:# ?)?[ ]+Key:" + _VALUE, re.M)


class RenamedWord(NamedTuple):
    """A word to replace, bytes `start` to `end` of a file; `what` says which kind of name it is, for the remark."""

    start: int
    end: int
    old: str
    new: str
    what: str


def project(content: bytes, expected: str, packages: Mapping[str, str]) -> Iterator[RenamedWord]:
    """Yield the renamed packages in pyproject.toml, and the distribution that was named like its package."""
    distribution = _DISTRIBUTION.search(expected)
    olds = {_plain(old): (old, new) for old, new in packages.items()}
    for match in _WORD.finditer(content):
        word = match.group().decode("utf-8", "replace")
        old, new = olds.get(_plain(word), ("", ""))
        if old == word:
            yield RenamedWord(match.start(), match.end(), word, new, "package")
        elif old and distribution is not None and _plain(distribution[1]) == _plain(new):
            yield RenamedWord(match.start(), match.end(), word, distribution[1], "distribution")


def settings(content: bytes, expected: str, packages: Mapping[str, str]) -> Iterator[RenamedWord]:
    """Yield the old `Name` of a settings file and the `Key` of its Etcd block, under which instances are registered."""
    wanted = _NAME.search(expected.encode())
    for match in filter(None, (pattern.search(content) for pattern in (_NAME, _KEY))):
        old = match["name"].decode("utf-8", "replace")
        if wanted is not None and match["name"] != wanted["name"] and _plain(old) in map(_plain, packages):
            yield RenamedWord(*match.span("name"), old, wanted["name"].decode(), "service")


def _plain(word: str) -> str:
    return re.sub(r"[-_.]+", "", word).lower()
