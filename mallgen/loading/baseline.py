"""A file with the contracts of a release, for comparisons without git. An edge.

It has the files as they were, in the order of their paths, so that a finding shows the line that the author wrote
(docs/decisions/0013); only the ends of their lines are made alike.
"""

import os
from collections.abc import Iterator, Mapping

from mallgen.loading.rewrite import put_file

_HEAD = "mallgen baseline 1\n"
_ABOUT = (
    "# Contracts at a release, written by `mallgen breaking --save`. Compare with: mallgen breaking --against FILE\n"
)
_MOST = 256 << 20


class BadBaseline(Exception):
    """A file that is no baseline, or a damaged one."""


def is_baseline(path: str) -> bool:
    """Return whether a file begins as a baseline does."""
    with open(path, "rb") as file:
        return file.read(len(_HEAD)) == _HEAD.encode()


def save_baseline(path: str, texts: Mapping[str, str]) -> None:
    """Write files by their paths below the workspace. Raises CannotWrite."""
    files = [(name, _lines(text)) for name, text in sorted(texts.items())]
    parts = [f"file {len(lines)} {name}\n{''.join(lines)}" for name, lines in files]
    put_file(path, f"{_HEAD}{_ABOUT}{''.join(parts)}")


def restore_baseline(path: str, into: str) -> None:
    """Write the files of a baseline below a folder. Raises BadBaseline."""
    with open(path, "rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise BadBaseline(f"it has more than {_MOST} bytes")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise BadBaseline("it is not UTF-8") from None
    for name, content in _files(text.split("\n")):
        target = os.path.join(into, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "x", encoding="utf-8") as file:
            file.write(content)


def _files(lines: list[str]) -> Iterator[tuple[str, str]]:
    at = 2
    seen: set[str] = set()
    while at < len(lines) - 1:
        word, _, rest = lines[at].partition(" ")
        count, _, name = rest.partition(" ")
        if word != "file" or not count.isdecimal() or len(count) > 9 or not _is_below(name) or name in seen:
            raise BadBaseline(f"line {at + 1} begins no file")
        seen.add(name)
        end = at + 1 + int(count)
        if end > len(lines):
            raise BadBaseline(f"`{name}` is cut off")
        yield name, "".join(f"{line}\n" for line in lines[at + 1 : end])
        at = end


def _is_below(name: str) -> bool:
    """Return whether a path stays below the folder that it begins in."""
    parts = name.split("/")
    return bool(name) and "\\" not in name and "\0" not in name and not {"", ".", ".."} & {*parts}


def _lines(text: str) -> list[str]:
    """Return the lines of a text as they are read again: with the same ends whatever the checkout or editor."""
    return [f"{line}\n" for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")] if text else []
