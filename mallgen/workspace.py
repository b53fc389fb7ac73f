"""mallgen.toml: which contract goes into which folder, and who uses whom. An edge: it reads the file."""

import os
import tomllib
from typing import Any, NamedTuple

from mallgen.diagnostics import Diagnostic

NAME = "mallgen.toml"


class Member(NamedTuple):
    """A service of the workspace; paths are as seen from the working directory."""

    name: str
    contract: str
    folder: str
    uses: tuple[str, ...]

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
    uses = values.get("uses", []) if isinstance(values, dict) else []
    if not (isinstance(uses, list) and all(isinstance(use, str) for use in uses)):
        problems.append(_wrong(f"`{shown}`: uses of service {name} must be a list of names", 'write uses = ["order"]'))
        return None
    return Member(name, contract, folder, tuple(uses)) if contract and folder else None


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


def _wrong(message: str, hint: str) -> Diagnostic:
    return Diagnostic("bad-workspace", message, hint=hint)
