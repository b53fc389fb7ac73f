"""mallgen.toml: which contract goes into which folder, and who uses whom. An edge: it reads the file."""

import os
import re
import tomllib
from typing import Any, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.suggest import did_you_mean

NAME = "mallgen.toml"
_PORT = re.compile(
    r"^(?:Port|ListenOn):[ \t]*[\"']?(?:[^\s\"'#]*:)?(?P<port>[0-9]{1,5})[\"']?[ \t]*(?:#.*)?$", re.M | re.I
)
_KEYS = {"contract", "dir", "uses", "proto_path"}


class Member(NamedTuple):
    """A service of the workspace; paths are as seen from the working directory."""

    name: str
    contract: str
    folder: str
    uses: tuple[str, ...]
    includes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`api` or `rpc`, by the contract's suffix."""
        return "rpc" if self.contract.endswith(".proto") else "api"


class Workspace(NamedTuple):
    """The services in the order of the file; `path` is where mallgen.toml is, empty when there is none."""

    path: str
    members: tuple[Member, ...]

    def of(self, contract: str) -> Member | None:
        """The service that a contract belongs to."""
        real = os.path.realpath(contract)
        return next((member for member in self.members if os.path.realpath(member.contract) == real), None)

    def used_by(self, member: Member) -> tuple[Member, ...]:
        """The services that a service uses, in its order."""
        by_name = {found.name: found for found in self.members}
        return tuple(by_name[name] for name in member.uses)


class BadWorkspace(Exception):
    """A mallgen.toml that cannot be used: everything that is wrong with it."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


def find(start: str = ".") -> Workspace:
    """The workspace around a folder: mallgen.toml there or in the nearest folder above. Raises BadWorkspace."""
    here = os.path.realpath(start)
    while True:
        path = os.path.join(here, NAME)
        if os.path.isfile(path):
            return read(path)
        above = os.path.dirname(here)
        if above == here:
            return Workspace("", ())
        here = above


def read(path: str) -> Workspace:
    """The workspace of one mallgen.toml. Raises BadWorkspace."""
    shown = os.path.relpath(path)
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except tomllib.TOMLDecodeError as problem:
        raise BadWorkspace((_wrong(f"`{shown}`: {problem}", "correct the TOML"),)) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise BadWorkspace((_wrong(f"cannot read `{shown}`: {problem}", "check the file"),)) from None
    services = data.get("service", {})
    problems: list[Diagnostic] = []
    members = []
    for name, values in services.items() if isinstance(services, dict) else ():
        member = _member(name, values, os.path.dirname(path), shown, problems)
        if member is not None:
            members.append(member)
    _check_uses(members, shown, problems)
    if problems:
        raise BadWorkspace(tuple(problems))
    return Workspace(path, tuple(members))


def _member(name: str, values: Any, root: str, shown: str, problems: list[Diagnostic]) -> Member | None:
    def text(key: str) -> str:
        value = values.get(key, "") if isinstance(values, dict) else ""
        if isinstance(value, str) and value:
            real = os.path.realpath(os.path.join(root, value))
            if os.path.commonpath([real, os.path.realpath(root)]) == os.path.realpath(root):
                return os.path.relpath(real)
            message = f"`{shown}`: {key} of service {name} leads out of the workspace: {value}"
            problems.append(_wrong(message, "keep it below the folder of mallgen.toml"))
        else:
            problems.append(_wrong(f"`{shown}`: service {name} needs a `{key}`", f'write {key} = "…"'))
        return ""

    contract, folder = text("contract"), text("dir")
    uses, includes = _words(name, values, "uses", shown, problems), _words(name, values, "proto_path", shown, problems)
    for key in sorted(set(values) - _KEYS) if isinstance(values, dict) else ():
        hint = did_you_mean(key, sorted(_KEYS)) or f"the keys are {', '.join(sorted(_KEYS))}"
        problems.append(_wrong(f"`{shown}`: service {name} has an unknown key `{key}`", hint))
    if contract and not contract.endswith((".api", ".proto")):
        message = f"`{shown}`: contract of service {name} is neither a .api nor a .proto file: {contract}"
        problems.append(_wrong(message, "name the contract's file"))
    paths = tuple(os.path.relpath(os.path.join(root, path)) for path in includes)
    return Member(name, contract, folder, uses, paths) if contract and folder else None


def _words(name: str, values: Any, key: str, shown: str, problems: list[Diagnostic]) -> tuple[str, ...]:
    found = values.get(key, []) if isinstance(values, dict) else []
    if isinstance(found, list) and all(isinstance(word, str) for word in found):
        return tuple(found)
    problems.append(_wrong(f"`{shown}`: {key} of service {name} must be a list of texts", f'write {key} = ["…"]'))
    return ()


def _check_uses(members: list[Member], shown: str, problems: list[Diagnostic]) -> None:
    by_name = {member.name: member for member in members}
    for member in members:
        for use in member.uses:
            if use not in by_name:
                message = f"`{shown}`: service {member.name} uses `{use}`, which is not a service here"
                problems.append(_wrong(message, f"declare [service.{use}]"))
            elif by_name[use].kind != "rpc":
                message = f"`{shown}`: service {member.name} uses `{use}`, which has no .proto contract"
                problems.append(_wrong(message, "only RPC services can be used"))
    folders: dict[str, str] = {}
    for member in members:
        other = folders.setdefault(member.folder, member.name)
        if other != member.name:
            message = f"`{shown}`: services {other} and {member.name} have one folder: {member.folder}"
            problems.append(_wrong(message, "give each its own `dir`"))


def _wrong(message: str, hint: str) -> Diagnostic:
    return Diagnostic("bad-workspace", message, hint=hint)


def ordered(workspace: Workspace) -> tuple[Member, ...]:
    """The services so that each stands behind those it uses, else in the file's order; circles are cut."""
    done: dict[str, Member] = {}
    begun: set[str] = set()

    def visit(member: Member) -> None:
        begun.add(member.name)
        for used in workspace.used_by(member):
            if used.name not in begun:
                visit(used)
        done[member.name] = member

    for member in workspace.members:
        if member.name not in begun:
            visit(member)
    return tuple(done.values())


def free_port(workspace: Workspace, folder: str, first: int) -> int:
    """The first port from `first` on that no service of the workspace has in its yaml, that of `folder` left out."""
    here = os.path.realpath(folder)
    others = [member.folder for member in workspace.members if os.path.realpath(member.folder) != here]
    taken = {port for other in others for port in ports(other)}
    while first in taken:
        first += 1
    return first


def ports(folder: str) -> tuple[int, ...]:
    """The ports that the settings in a service's `etc/` name."""
    return tuple(port for path in settings_of(folder) for port in ports_in(path))


def settings_of(folder: str) -> tuple[str, ...]:
    """The yaml files in a service's `etc/`."""
    place = os.path.join(folder, "etc")
    names = sorted(os.listdir(place)) if os.path.isdir(place) else []
    return tuple(os.path.join(place, name) for name in names if name.endswith((".yaml", ".yml")))


def ports_in(path: str) -> tuple[int, ...]:
    """The ports that one yaml names for the service itself; none when there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return tuple(int(match["port"]) for match in _PORT.finditer(file.read()))
    except FileNotFoundError:
        return ()
