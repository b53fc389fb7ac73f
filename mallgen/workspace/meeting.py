"""Services of a workspace that share a package, distribution, registry key or port. An edge: it reads files.

Two services with one key get each other's calls; two with one package or distribution overwrite each other where they
are installed. Settings and pyproject.toml are read from disk where they exist, because the user owns them.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.drift.scalars import Scalar, plain, scalars
from mallgen.kinds.kind import kind_named
from mallgen.kinds.target import Made, Target
from mallgen.output.files import File
from mallgen.output.records import PYPROJECT, SETTINGS
from mallgen.python import names
from mallgen.text.span import Span
from mallgen.workspace.config import NAME, ServiceEntry, Workspace, free_port

_PORT_DIGITS = 5
_KINDS = {"package": "package", "key": "registry key", "group": "consumer group", "distribution": "distribution"}
_IDENTITIES = {"key": ("etcd.key", "name"), "group": ("group", "name")}  # the settings that have it
_HARM = {
    "group": "each would get a part of the other's messages",
    "key": "calls would go to the wrong one",
    "package": "only one of them can be installed in an environment",
    "distribution": "installing one of them replaces the other",
}


class Clashes(NamedTuple):
    """The problems, and the texts for code frames."""

    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


class _Fact(NamedTuple):
    """A name or port of a service as it is written; `same` is its normalized form, which is compared."""

    kind: str
    shown: str
    same: str
    span: Span


class _ServiceFacts(NamedTuple):
    member: ServiceEntry
    facts: tuple[_Fact, ...]
    key: str
    settings: dict[str, Scalar]
    path: str


def find_clashes(workspace: Workspace, found: Sequence[tuple[Target, Made]]) -> Clashes:
    """Report what two services of the workspace share, and registry keys that differ from those callers ask for."""
    sources = workspace.sources
    by_folder = {os.path.realpath(member.folder): member for member in workspace.members}
    services = [
        _service_facts(by_folder[os.path.realpath(target.folder)], target, made, sources)
        for target, made in found
        if made.files and os.path.realpath(target.folder) in by_folder
    ]
    order = {member.name: number for number, member in enumerate(workspace.members)}
    services.sort(key=lambda one: order[one.member.name])
    problems = [*_same_names(services), *_ports(workspace, services), *_other_keys(services)]
    return Clashes(tuple(problems), sources)


def _service_facts(member: ServiceEntry, target: Target, made: Made, sources: dict[str, str]) -> _ServiceFacts:
    head = member.places.get("", Span(NAME, 1, 1, 1, 2))
    facts = [_Fact("package", made.package, made.package, member.places.get("package", head))]
    is_there = os.path.isfile(os.path.join(target.folder, made.package, "__init__.py"))
    files = {file.role: file for file in made.files}
    key, settings, path = "", {}, ""
    if PYPROJECT in files:
        text, path, is_disk = _text(target, files[PYPROJECT], is_there, sources)
        facts += _distribution(text, path, None if is_disk else head)
    if SETTINGS in files:
        text, path, is_disk = _text(target, files[SETTINGS], is_there, sources)
        expected = scalars(files[SETTINGS].text, path)
        settings = scalars(text, path)
        kind = kind_named(target.kind)
        key = expected["name"].value if kind.calls and kind.identity == "key" else ""
        facts += _settings(kind.identity if kind.calls else "", settings, None if is_disk else head)
    return _ServiceFacts(member, tuple(facts), key, settings if is_there else {}, path)


def _text(target: Target, file: File, is_there: bool, sources: dict[str, str]) -> tuple[str, str, bool]:
    """Return a user file's text, or the text to be generated; its path, and whether the text is from disk."""
    path = os.path.normpath(os.path.join(target.folder, file.path))
    try:
        with open(path, encoding="utf-8", errors="replace") as opened:
            text = opened.read() if is_there else file.text
    except OSError:
        return file.text, path, False
    if is_there:
        sources[path] = text
    return text, path, is_there


def _distribution(text: str, path: str, span: Span | None) -> Iterator[_Fact]:
    import tomllib

    from mallgen.text.toml_places import places

    try:
        name = tomllib.loads(text).get("project", {}).get("name", "")
    except (ValueError, RecursionError, AttributeError):
        return  # pip and the build tool say what is wrong with it
    place = span or places(text, path).value("project", "name")
    if isinstance(name, str) and name and place is not None:
        yield _Fact("distribution", name, re.sub(r"[-_.]+", "-", name).lower(), place)


def _settings(identity: str, found: Mapping[str, Scalar], span: Span | None) -> Iterator[_Fact]:
    """Yield what the settings of a service have that another one may have, too."""
    own = _first(found, *_IDENTITIES.get(identity, ()))
    if own is not None:
        yield _Fact(identity, own.value, own.value, span or own.span)
    for name in ("port", "listenon", "devserver.port"):
        port = found[name].value.rpartition(":")[2] if name in found else ""
        if port.isdecimal() and 0 < len(port.lstrip("0")) <= _PORT_DIGITS:
            yield _Fact("port", port, str(int(port)), span or found[name].span)


def _same_names(services: Sequence[_ServiceFacts]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], tuple[_ServiceFacts, _Fact]] = {}
    for one in services:
        shared: dict[str, list[tuple[_Fact, _ServiceFacts, _Fact]]] = {}
        for fact in one.facts:
            if fact.kind in _KINDS:
                other, theirs = seen.setdefault((fact.kind, fact.same), (one, fact))
                if other is not one:
                    shared.setdefault(other.member.name, []).append((fact, other, theirs))
        for meets in shared.values():
            yield _same_name(one, meets)


def _same_name(one: _ServiceFacts, meets: list[tuple[_Fact, _ServiceFacts, _Fact]]) -> Diagnostic:
    meets.sort(key=lambda meet: list(_KINDS).index(meet[0].kind))
    fact, other, theirs = meets[0]
    what = [f"{_KINDS[mine.kind]} `{mine.shown}`" for mine, _, _ in meets]
    listed = " and ".join(filter(None, [", ".join(what[:-1]), what[-1]]))
    kinds = {mine.kind for mine, _, _ in meets}
    harm = next(text for kind, text in _HARM.items() if kind in kinds)
    message = f"services {other.member.name} and {one.member.name} have one {listed}: {harm}"
    note = Note(theirs.span, "the other one")
    return Diagnostic("same-name", message, fact.span, _way_out(one, other, fact), (note,))


def _way_out(one: _ServiceFacts, other: _ServiceFacts, fact: _Fact) -> str:
    is_asked = one.member.package if fact.kind == "package" else one.member.key if fact.kind == "key" else ""
    if is_asked:
        return f"give one of them another `{fact.kind}`"
    if fact.kind == "key" and one.key != fact.shown:
        return f"its callers ask for {one.key}: write that"
    if fact.kind == "group":
        return "give one of them another `Group` there"
    if fact.kind == "distribution" and not fact.span.file.endswith(NAME):
        return "give one of them another name there"
    member = other.member if names.snake(one.member.name) in (fact.shown, fact.shown.rpartition("_")[0]) else one.member
    if one.member.title and other.member.title:
        return "give one of them another `name`"
    more = f", and `Name: {member.name}.rpc` in its settings" if fact.kind == "key" else ""
    setting = f'key = "{member.name}.rpc"' if fact.kind == "key" else f'name = "{member.name}"'
    return f"write {setting} below [service.{member.name}] in {NAME}{more}"


def _ports(workspace: Workspace, services: Sequence[_ServiceFacts]) -> Iterator[Diagnostic]:
    seen: dict[str, tuple[_ServiceFacts, _Fact]] = {}
    for one in services:
        for fact in (fact for fact in one.facts if fact.kind == "port"):
            other, theirs = seen.setdefault(fact.same, (one, fact))
            if theirs is fact:
                continue
            both = f"services {other.member.name} and {one.member.name} have" if other is not one else f"{one.path} has"
            free = _free_port(workspace, services, int(fact.same))
            message = f"{both} one port: {fact.shown}"
            hint = f"write another one, {free} for instance"
            yield Diagnostic("same-port", message, fact.span, hint, (Note(theirs.span, "the other one"),))


def _free_port(workspace: Workspace, services: Sequence[_ServiceFacts], first: int) -> int:
    """Return the first port from `first` on that no settings name: neither for a service nor for its DevServer."""
    named = {int(fact.same) for one in services for fact in one.facts if fact.kind == "port"}
    while (first := free_port(workspace, "", first)) in named:
        first += 1
    return first


def _other_keys(services: Sequence[_ServiceFacts]) -> Iterator[Diagnostic]:
    """Yield services that register under a key their callers do not ask for, and settings that lead to a third one."""
    by_name = {one.member.name: one for one in services}
    keys = {own.value: one for one in services if one.key and (own := _own_key(one.settings)) is not None}
    told = set()
    for caller in services:
        for callee in (by_name[use] for use in caller.member.uses if use in by_name and by_name[use].key):
            name, own, asked = callee.member.name, _own_key(callee.settings), _asked_key(caller, callee.member.name)
            if asked is not None and keys.get(asked.value, callee) is not callee:
                message = f"this leads {caller.member.name}'s calls of {name} to {keys[asked.value].member.name}"
                hint = f"write {own.value if own is not None else callee.key}"
                yield Diagnostic("other-key", message, asked.span, hint)
            elif own is not None and asked is None and own.value != callee.key and name not in told:
                told.add(name)
                message = f"service {name} registers as `{own.value}`, and {caller.member.name} asks for `{callee.key}`"
                hint = f'write `{callee.key}` here, or key = "{own.value}" below [service.{name}] in {NAME}'
                yield Diagnostic("other-key", message, own.span, hint)


def _own_key(settings: Mapping[str, Scalar]) -> Scalar | None:
    """Return the key that a service registers under, by its settings."""
    return _first(settings, *_IDENTITIES["key"])


def _first(settings: Mapping[str, Scalar], *keys: str) -> Scalar | None:
    """Return the first of some settings that has a value."""
    found = (settings.get(key) for key in keys)
    return next((scalar for scalar in found if scalar is not None and scalar.value), None)


def _asked_key(caller: _ServiceFacts, name: str) -> Scalar | None:
    """Return the address or key of a service in its caller's settings; None when the contract's key is used."""
    block = f"{plain(names.snake(name)).removesuffix('rpc')}rpc"
    found = (caller.settings.get(f"{block}.{key}") for key in ("target", "endpoints", "etcd.key", "key"))
    return next(filter(None, found), None)
