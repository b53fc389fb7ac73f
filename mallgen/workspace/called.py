"""The names of a workspace's services: settings of mallgen.toml, else the contract's name. An edge.

All protos of a company may have `package pb`. So a proto's package is the service's name only where it tells the
services apart, else NAME of [service.NAME] is. A folder keeps the name it was generated with: nothing is renamed
unless mallgen.toml asks for it.
"""

import os
import re
from collections import Counter

from mallgen.kinds.kind import kind_named
from mallgen.kinds.naming import Called, called_kind, is_name, plain_package
from mallgen.output.manifest import NAME as LOCK
from mallgen.workspace.config import ServiceEntry, Workspace

_VAGUE_TITLES = {"grpc", "pb", "proto", "protos", "queue", "rmq", "rpc"}
_NAME_IN_LOCK = re.compile(r"^contract\t(?:rpc|rmq)\t[^\t\n]*\t(?:[^\t\n]* )?name=([^ \t\n]+)", re.M)
_PACKAGE_IN_LOCK = re.compile(r"^file\t[^\t\n]*\t([^\t\n/]+)/__init__\.py\t", re.M)


def service_names(workspace: Workspace) -> dict[str, Called]:
    """Return the names of each service of a workspace, by its name in mallgen.toml."""
    asked = {m.name: Called(m.title, m.package, m.key) for m in workspace.members}
    rpcs = [member for member in workspace.members if kind_named(member.kind).calls]
    titles = {member.name: _title(member) for member in rpcs}
    counts = Counter(name for m in rpcs for name in _identifiers(asked[m.name], titles[m.name], m.kind))
    for member in rpcs:
        own, title = asked[member.name], titles[member.name]
        if not own.name:
            own_names = _identifiers(own, title, member.kind)
            is_clear = title.lower() not in _VAGUE_TITLES and all(counts[one] == 1 for one in own_names)
            asked[member.name] = own._replace(name=_remembered(member, title, "" if is_clear else member.name))
    return asked


def _identifiers(found: Called, title: str, kind: str) -> set[tuple[str, str]]:
    way = called_kind(kind)
    return {("package", found.package_of(title, way)), ("key", found.key_of(title, way))}


def _title(member: ServiceEntry) -> str:
    """Return what a contract calls its service (a proto's package), else the file's name without its suffix."""
    stem, _ = os.path.splitext(os.path.basename(member.contract))
    return kind_named(member.kind).title(_text(member.contract)) or stem


def _remembered(member: ServiceEntry, title: str, name: str) -> str:
    """Return the name that the folder was generated with, else `name`; empty stands for the contract's own."""
    lock = _text(os.path.join(member.folder, LOCK))
    line = _NAME_IN_LOCK.search(lock)
    if line is not None and is_name("name", line[1]):
        return line[1]
    plain = plain_package(title, called_kind(member.kind))
    heads = _PACKAGE_IN_LOCK.findall(lock)
    has_plain = plain in heads or os.path.isfile(os.path.join(member.folder, plain, "__init__.py"))
    return "" if has_plain else name


def _text(path: str) -> str:
    """Return a file's text; empty when it cannot be read, which other checks report."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
