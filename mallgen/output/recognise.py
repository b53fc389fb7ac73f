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
    """What stands in the output folder: contents of always-files, names of all files, the lock's text.

    `contents` also has the user's files for those who compare them: generating never looks at them. `links` are those
    of them that are links, with where they lead: "" is out of the folder, and then there is no content.
    """

    contents: Mapping[str, bytes]
    present: frozenset[str]
    lock: str
    links: Mapping[str, str] = MappingProxyType({})


def recorded(lock: Lock, disk: Survey) -> dict[str, Record]:
    """The record of each path; of two that a merge has left, the one that knows the content, or that it says."""
    found: dict[str, Record] = {}
    for record in lock.files:
        other = found.get(record.path)
        content = disk.contents.get(record.path)
        if other is None or not (is_known(other, content) or _is_said(other, content) > _is_said(record, content)):
            found[record.path] = record
    return found


def _is_said(record: Record, content: bytes | None) -> bool:
    """Whether a file says in its first line that it is for the route of a record."""
    return content is not None and title(content) == record.role.title


def title(content: bytes) -> str:
    """The text that a module begins with, as generated logic begins with its route."""
    match = _FIRST.match(content[:_HEAD].removeprefix(codecs.BOM_UTF8))
    return match["text"].decode("utf-8", "replace").strip() if match else ""


def is_known(record: Record | None, content: bytes | None) -> bool:
    """Whether a file is as mallgen wrote it, line ends apart, so that it may be made anew or deleted.

    Logic with a body that works, as a new project's, is the user's from the start.
    """
    if record is None or content is None or (record.role.layer == "logic" and _STUB not in content):
        return False
    if record.sha256 == digest(content):
        return True
    return b"\r\n" in content and record.sha256 == digest(content.replace(b"\r\n", b"\n"))
