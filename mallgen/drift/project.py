"""Comparison of pyproject.toml and the settings: what a wheel would lack, old package names, and the mended file."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from mallgen.drift import renamed_service, runtime_extras
from mallgen.drift.verdict import Remark, State
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.records import PYPROJECT, SETTINGS
from mallgen.text.span import Span

_CHOICES = ("packages", "only-include", "include")
_WHEEL = ("tool", "hatch", "build", "targets", "wheel")
_RUN = ".app:run"


class Wanted(NamedTuple):
    """Contents that a service needs in its wheel: its package, the name of its command, the path of its settings."""

    package: str
    script: str
    settings: str


class Lack(NamedTuple):
    """Something missing in the wheel; `is_grave`: the package itself. `added` goes into the list `key` of `table`."""

    text: str
    is_grave: bool
    table: str
    key: str
    added: str


def judged(
    file: File, content: bytes, packages: Mapping[str, str], expected: ExpectedFiles
) -> tuple[State, list[Remark], bytes]:
    """Return the state of the settings or pyproject.toml, the remarks, and the content that would fit.

    `packages` are the renamed packages, old to new name.
    """
    data, remarks = _renamed(file, content, packages)
    state = State.DRIFTED if remarks else State.FITS
    if file.role != PYPROJECT:
        return state, remarks, data
    extras = runtime_extras.missing(data, file.text)
    if extras:
        state, remark, data = _with_extras(file, data, extras)
        remarks.append(remark)
    settings = next((other.path for other in expected.files if other.role == SETTINGS), "")
    service = _wanted(file.text, settings)
    lacking = lacks(data, service)
    whole = mended(data, lacking, service)
    place = Span(file.path, 1, 1, 1, 2)
    remarks += [Remark("not-in-wheel", lack.text, place, is_yours=whole is None) for lack in lacking]
    if any(lack.is_grave for lack in lacking):
        state = State.STUCK if whole is None or state is State.STUCK else State.DRIFTED
    return state, remarks, data if whole is None else whole


def _with_extras(file: File, content: bytes, extras: tuple[str, ...]) -> tuple[State, Remark, bytes]:
    made = runtime_extras.added(content, extras)
    several = len(extras) > 1
    text = f"mallgen-runtime needs the extra{'s' if several else ''} {', '.join(f'`{name}`' for name in extras)}"
    remark = Remark("missing-extra", text, Span(file.path, 1, 1, 1, 2), is_yours=made is None)
    return (State.STUCK, remark, content) if made is None else (State.DRIFTED, remark, made)


def _renamed(file: File, content: bytes, packages: Mapping[str, str]) -> tuple[bytes, list[Remark]]:
    """Return the file with the names of renamed packages replaced, and a remark for each of them."""
    readers = {PYPROJECT: renamed_service.project, SETTINGS: renamed_service.settings}
    reader = readers.get(file.role) if file.role else None
    words = list(reader(content, file.text, packages)) if reader is not None and packages else []
    remarks, parts, at = [], [], 0
    for word in words:
        before = content[: word.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        span = Span(file.path, line, column, line, column + len(word.old))
        remarks.append(Remark("signature-drift", f"the {word.what} `{word.old}` is `{word.new}` now", span))
        parts += [content[at : word.start], word.new.encode()]
        at = word.end
    return b"".join([*parts, content[at:]]), remarks


def _wanted(expected: str, settings: str) -> Wanted:
    """Return what the expected pyproject.toml says about its package."""
    ((script, place),) = tomllib.loads(expected)["project"]["scripts"].items()
    return Wanted(place.partition(".")[0], script, settings)


def lacks(content: bytes, service: Wanted) -> tuple[Lack, ...]:
    """Return what a wheel would lack by hatch's tables and the project's scripts; nothing where this is not TOML."""
    try:
        found = tomllib.loads(content.decode())
    except ValueError:
        return ()
    return tuple(_lacks(found, service))


def mended(content: bytes, missing: tuple[Lack, ...], service: Wanted) -> bytes | None:
    """Return the file with all missing entries added; None when its layout does not allow that."""
    newline = "\r\n" if b"\r\n" in content else "\n"
    if not missing:
        return content
    text = content.decode()
    for lack in missing:
        head = re.search(rf"^[ \t]*\[\s*{re.escape(lack.table)}\s*\][^\n]*\n", text, re.M)
        if head is None:
            return None
        start, added = head.end(), f"{lack.added}{newline}"
        if lack.key:
            entry = re.compile(rf"^[ \t]*{lack.key}[ \t]*=[ \t]*\[", re.M).search(text, start)
            if entry is None:
                return None
            start, added = entry.end(), f"{lack.added}, "
            if text[start : start + 1] in ("\r", "\n"):
                added = f"{newline}    {lack.added},"
        text = f"{text[:start]}{added}{text[start:]}"
    made = text.encode()
    return None if lacks(made, service) or not _reads(text) else made


def _reads(text: str) -> bool:
    try:
        return bool(tomllib.loads(text))
    except ValueError:
        return False


def _lacks(found: dict[str, Any], service: Wanted) -> Iterator[Lack]:
    package = service.package
    wheel = _table(found, *_WHEEL)
    table = ".".join(_WHEEL)
    key = next((choice for choice in _CHOICES if isinstance(wheel.get(choice), list)), "")
    if key and not any(_has(entry, package) for entry in wheel[key]):
        entry = f'"{package}"' if key == "packages" else f'"/{package}"'
        yield Lack(f"the wheel does not have the package `{package}`", True, table, key, entry)
    places = [str(place) for place in _table(wheel, "force-include").values()]
    own = f"{package}/etc"
    if any(place.endswith("/etc") for place in places) and not any(place.startswith(own) for place in places):
        line = f'"{service.settings}" = "{package}/{service.settings}"'
        yield Lack(f"the wheel does not have the settings of `{package}`", False, f"{table}.force-include", "", line)
    commands = [str(place) for place in _table(found, "project", "scripts").values()]
    if any(place.endswith(_RUN) for place in commands) and f"{package}{_RUN}" not in commands:
        line = f'"{service.script}" = "{package}{_RUN}"'
        yield Lack(f"the wheel does not have a command for `{package}`", False, "project.scripts", "", line)


def _table(found: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _has(entry: object, package: str) -> bool:
    """Return whether a path or pattern of hatch includes the package."""
    last = str(entry).strip("/").rpartition("/")[2]
    return last in ("", ".", "**") or fnmatchcase(package, last)
