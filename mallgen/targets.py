"""One contract and the folder it goes into, and the way from there to files."""

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mallgen.beside import apart
from mallgen.borders import border, strays
from mallgen.called import Called, called
from mallgen.diagnostics import Diagnostic
from mallgen.driver import load, load_protos
from mallgen.emit import Body, Emitted
from mallgen.lock import NAME, ContractLine
from mallgen.model import Span
from mallgen.signature import ClassShape
from mallgen.sources import limits
from mallgen.tree import File
from mallgen.workspace import Member, Workspace, free_port, is_name, ordered

if TYPE_CHECKING:
    from mallgen.proto import Use

RUNTIME_NEEDED = (0, 1, 0)  # the first mallgen_runtime that has everything the generated files import
FIRST_PORT = {"api": 8888, "rpc": 8080}  # as goctl writes them


class Used(NamedTuple):
    """A service that another one calls: its name in mallgen.toml, its proto, and where its imports are looked for.

    `key` is what its instances are registered under, where that is not what the proto says.
    """

    name: str
    contract: str
    includes: tuple[str, ...] = ()
    key: str = ""


class Target(NamedTuple):
    """What is to be generated where. `more` are protos of the same package, `bodies` logic of a new project.

    `service` is its name in mallgen.toml, `called` is from there, `places` are those of its values. What mallgen.lock
    has named is read inside of `border` only.
    """

    kind: str
    contract: str
    folder: str
    more: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    uses: tuple[Used, ...] = ()
    client_only: bool = False
    outside: bool = False
    from_filename: bool = False
    port: int = 0
    bodies: tuple[tuple[str, Body], ...] = ()
    service: str = ""
    called: Called = Called()
    places: Mapping[str, Span] = MappingProxyType({})
    border: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file and folder that it reads."""
        used = [path for one in self.uses for path in (one.contract, *one.includes)]
        return (self.contract, *self.more, *self.includes, *used)

    @property
    def line(self) -> ContractLine:
        """How mallgen.lock names it, with all that is needed to generate it again."""
        words = [f"-I={self.below(path)}" for path in self.includes]
        words += [f"with={self.below(path)}" for path in self.more]
        words += [word for used in self.uses for word in self._used(used)]
        words += ["allow-outside"] if self.outside else []
        words += ["client-only"] if self.client_only else []
        words += ["name-from-filename"] if self.from_filename else []
        words += [f"service={self.service}"] if self.service else []
        words += [f"{what}={value}" for what, value in self.called._asdict().items() if value]
        return ContractLine(self.kind, self.below(self.contract), " ".join(map(_quoted, words)))

    def into(self, folder: str) -> "Target":
        """The same in a folder that the user names; one that is not the workspace's is no service's of it."""
        is_mine = os.path.realpath(folder) == os.path.realpath(self.folder)
        return self._replace(folder=folder, service=self.service if is_mine else "")

    def below(self, path: str) -> str:
        """A path as seen from the output folder, with `/`."""
        return os.path.relpath(os.path.realpath(path), os.path.realpath(self.folder)).replace(os.sep, "/")

    def _used(self, used: Used) -> list[str]:
        return [
            f"uses:{used.name}={self.below(used.contract)}",
            *(f"-I:{used.name}={self.below(p)}" for p in used.includes),
            *([f"key:{used.name}={used.key}"] if used.key else []),
        ]


class Made(NamedTuple):
    """What a target becomes: `subject` for the line with counts, the package, the files; none after an error."""

    subject: str
    package: str
    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    classes: tuple[ClassShape, ...] = ()


def of_line(line: ContractLine, folder: str) -> Target:
    """The target that a line of the mallgen.lock in `folder` stands for; the way back from `Target.line`."""
    target = Target(line.kind, _seen(folder, line.path), folder, border=border(folder))
    found: dict[str, list[str]] = {"": []}
    uses: dict[str, str] = {}
    more: list[str] = []
    names: dict[str, str] = {}
    for key, value in (_option(word) for word in line.options.split(" ") if word):
        if key == "with":
            more.append(_seen(folder, value))
        elif key.startswith("uses:"):
            uses[key.removeprefix("uses:")] = _seen(folder, value)
        elif key == "service" or _names(key, value):
            names[key] = value
        elif key.startswith("-I"):
            found.setdefault(key.removeprefix("-I").removeprefix(":"), []).append(_seen(folder, value))
    words = line.options.split(" ")
    return target._replace(
        more=tuple(more),
        includes=tuple(found[""]),
        uses=tuple(
            Used(name, path, tuple(found.get(name, ())), names.get(f"key:{name}", "")) for name, path in uses.items()
        ),
        service=names.get("service", ""),
        called=Called(*(names.get(what, "") for what in Called._fields)),
        client_only="client-only" in words,
        outside="allow-outside" in words,
        from_filename="name-from-filename" in words,
    )


def _names(key: str, value: str) -> bool:
    """Whether an option has a name that mallgen.toml could give a service: a lock may have come with a clone."""
    what = "key" if key.startswith("key:") else key
    return what in Called._fields and is_name(what, value)


def _option(word: str) -> tuple[str, str]:
    key, _, value = word.replace("%20", " ").replace("%25", "%").partition("=")
    return key, value


def _seen(folder: str, path: str) -> str:
    """A path of the lock as seen from the working directory."""
    return os.path.relpath(os.path.join(os.path.realpath(folder), path))


def outside(target: Target, named: str = "") -> tuple[Diagnostic, ...]:
    """What of a target leads out of its border; `named` is what the user has named."""
    if not target.border:
        return ()
    lock = os.path.relpath(os.path.join(target.folder, NAME))
    return tuple(strays((path for path in target.paths if path != named), target.border, lock))


def of_member(member: Member, workspace: Workspace, port: int = 0) -> Target:
    """The target of a service of the workspace."""
    return _of_member(member, workspace, called(workspace), port)


def _of_member(member: Member, workspace: Workspace, names: Mapping[str, Called], port: int) -> Target:
    uses = tuple(_use(used, names[used.name]) for used in workspace.used_by(member))
    target = Target(member.kind, member.contract, member.folder, (), member.includes, uses, port=port)
    return target._replace(service=member.name, called=names[member.name], places=member.places)


def _use(member: Member, named: Called) -> Used:
    key = named.key or (named.key_of("") if named.name else "")
    return Used(member.name, member.contract, member.includes, key)


def every(workspace: Workspace) -> list[Target]:
    """The services of a workspace, those that are used first, each new one with a port of its own."""
    found: list[Target] = []
    given: set[int] = set()
    names = called(workspace)
    for member in ordered(workspace):
        port = free_port(workspace, member.folder, FIRST_PORT[member.kind])
        while port in given:
            port += 1
        given.add(port)
        found.append(_of_member(member, workspace, names, port))
    return found


def make(target: Target, prove: bool = True) -> Made:
    """Read, resolve and render; writes nothing. `prove`: compile it too, which what is only compared does not need."""
    if wrong := outside(target):
        return Made("", "", (), wrong, {})
    return _api(target, prove) if target.kind == "api" else _rpc(target, prove)


def _api(target: Target, prove: bool) -> Made:
    from mallgen.emit.http import HttpOptions, emit

    loaded = load(target.contract, target.outside).strict()
    uses = _uses(target.uses)
    problems = (*loaded.diagnostics, *uses.diagnostics)
    sources = {**loaded.sources, **uses.sources}
    if loaded.contract is None or uses.failed:
        return Made("", "", (), problems, sources)
    contract = loaded.contract
    port = target.port or FIRST_PORT["api"]
    options = HttpOptions(
        port=port,
        bodies=target.bodies,
        uses=uses.found,
        name=target.called.name,
        package=target.called.package,
        prove=prove,
        most=limits().output,
        apart=apart,
    )
    emitted = emit(contract, options)
    routes = sum(len(group.routes) for group in contract.groups)
    title = target.called.name or contract.service
    subject = f"{title}: {_counted(routes, 'route')}, {_counted(len(contract.types), 'type')}"
    return _made(subject, emitted, problems, sources)


def _rpc(target: Target, prove: bool) -> Made:
    from mallgen.emit.rpc import RpcOptions, emit

    loaded = load_protos((target.contract, *target.more), target.includes)
    uses = _uses(target.uses)
    problems = (*loaded.diagnostics, *uses.diagnostics)
    sources = {**loaded.sources, **uses.sources}
    if loaded.contract is None or uses.failed:
        return Made("", "", (), problems, sources)
    contract = loaded.contract
    options = RpcOptions(
        port=target.port or FIRST_PORT["rpc"],
        bodies=target.bodies,
        client_only=target.client_only,
        from_filename=target.from_filename,
        name=target.called.name,
        package=target.called.package,
        key=target.called.key,
        uses=uses.found,
        prove=prove,
        most=limits().output,
    )
    emitted = emit(contract, options)
    methods = sum(len(service.methods) for service in contract.services)
    title = target.called.name or contract.title
    subject = f"{title}: {_counted(len(contract.services), 'service')}, {_counted(methods, 'RPC')}"
    return _made(subject, emitted, problems, sources)


def _made(subject: str, emitted: Emitted, problems: tuple[Diagnostic, ...], sources: dict[str, str]) -> Made:
    files = emitted.files
    return Made(subject, _package(files), files, (*problems, *emitted.diagnostics), sources, emitted.classes)


class _Uses(NamedTuple):
    found: tuple["Use", ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    failed: bool


def _uses(uses: tuple[Used, ...]) -> _Uses:
    """The contracts of the services that are called."""
    if not uses:
        return _Uses((), (), {}, False)
    from mallgen.proto import Use

    found: list[Use] = []
    diagnostics: list[Diagnostic] = []
    sources: dict[str, str] = {}
    failed = False
    for used in uses:
        loaded = load_protos((used.contract,), used.includes)
        diagnostics += loaded.diagnostics
        sources |= loaded.sources
        if loaded.contract is None:
            failed = True
        else:
            found.append(Use(used.name, loaded.contract, used.key))
    return _Uses(tuple(found), tuple(diagnostics), sources, failed)


def _package(files: Iterable[File]) -> str:
    """The package that the files make: the folder of the first Python module."""
    return next((file.path.partition("/")[0] for file in files if file.path.endswith(".py")), "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _quoted(word: str) -> str:
    """A word of the options: spaces would end it."""
    return word.replace("%", "%25").replace(" ", "%20")
