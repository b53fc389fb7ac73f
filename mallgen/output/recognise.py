"""A file on disk recognised: by its record, its content, or what it says in its first line. Pure."""

import codecs
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from mallgen.output.digest import digest
from mallgen.output.manifest import Lock
from mallgen.output.records import Record

_FIRST = re.compile(rb"(?:\s|#[^\n]*\n)*(?P<quote>\"{3}|'{3}|\"|')(?P<text>.*?)(?P=quote)", re.S)
_HEAD = 4096
_STUB = b"raise NotImplementedError"


class Survey(NamedTuple):
    """Files in the output folder: contents of generated files, paths of all files, text of mallgen.lock.

    `contents` also has user files for commands that compare them; generating never reads them. `links` maps those that
    are links to their targets: "" for one outside of the folder, which has no content here.
    """

    contents: Mapping[str, bytes]
    present: frozenset[str]
    lock: str
    links: Mapping[str, str] = MappingProxyType({})


def recorded(lock: Lock, disk: Survey) -> dict[str, Record]:
    """Return the record of each path; of two that a merge has left, the one whose digest or title fits the content."""
    found: dict[str, Record] = {}
    for record in lock.files:
        other = found.get(record.path)
        content = disk.contents.get(record.path)
        if other is None or not (is_known(other, content) or _is_said(other, content) > _is_said(record, content)):
            found[record.path] = record
    return found


def _is_said(record: Record, content: bytes | None) -> bool:
    """Return whether a file says in its first line that it is for the route of a record."""
    return content is not None and title(content) == record.role.title


def title(content: bytes) -> str:
    """Return the docstring of a module, as generated logic has its route there; "" without one."""
    match = _FIRST.match(content[:_HEAD].removeprefix(codecs.BOM_UTF8))
    return match["text"].decode("utf-8", "replace").strip() if match else ""


def is_known(record: Record | None, content: bytes | None) -> bool:
    """Return whether a file is as mallgen wrote it, line ends aside, so that it may be rewritten or deleted.

    Logic with a working body, as a new project has, is the user's from the start: False.
    """
    is_working = record is not None and record.role.layer == "logic" and content is not None and _STUB not in content
    return not is_working and is_as_written(record, content)


def is_as_written(record: Record | None, content: bytes | None) -> bool:
    """Return whether a file is as mallgen wrote it, line ends aside, also where it is the user's from the start."""
    if record is None or content is None:
        return False
    if record.sha256 == digest(content):
        return True
    return b"\r\n" in content and record.sha256 == digest(content.replace(b"\r\n", b"\n"))


def whose(record: Record, content: bytes | None) -> str:
    """Return why a file is not deleted without being asked, as a phrase for messages."""
    return "is working logic that is yours from the start" if is_as_written(record, content) else "has your edits"
