"""mallgen.toml: the services of a workspace, their contracts, folders and uses. An edge: it reads the file."""

import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import Kind, KindError, UnknownSuffix, is_built_in, kind_named, kind_of_file, not_a_contract
from mallgen.kinds.naming import NAMES, is_name
from mallgen.kinds.strays import strays
from mallgen.loading.borders import import_border, is_inside
from mallgen.text.span import Span
from mallgen.text.suggest import did_you_mean
from mallgen.workspace.table_settings import KEYS, TableSettings

if TYPE_CHECKING:  # imported only where there is a workspace
    from mallgen.breaking.policy import Policy
    from mallgen.text.toml_places import TomlPlaces

NAME = "mallgen.toml"
_PORT = re.compile(
    r"^(?:Port|ListenOn):[ \t]*[\"']?(?:[^\s\"'#]*:)?(?P<port>[0-9]{1,5})[\"']?[ \t]*(?:#.*)?$", re.M | re.I
)
# a key of more than 16 parts: tomllib's time grows with the square of their number
_LONG_KEY = re.compile(r"""^(?:[^"'\#\n.]|"[^"\n]*"|'[^'\n]*')*+(?:\.(?:[^"'\#\n.]|"[^"\n]*"|'[^'\n]*')*+){16}""", re.M)
_KEYS = {"contract", "dir", "uses", "proto_path", "name", "package", "key", "kind", "admin_of", *KEYS}
_MOST_SERVICES = 500
_NO_PLACES: Mapping[str, Span] = MappingProxyType({})
_NO_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class ServiceEntry(NamedTuple):
    """A service of the workspace; paths are relative to the working directory.

    `kind` is the setting, else the kind of the contract's suffix. `title`, `package` and `key` are the settings
    `name`, `package` and `key`, empty where they are left out. `places` has the spans of the values in mallgen.toml
    under `contract`, `uses/0` and so on, that of the table under the empty text. `tables` are files of DDL or
    patterns of such files, `database` is the one whose tables are the service's, empty for all; `choices` are the
    other options of tables, by their names in mallgen.lock. `admin_of` is the service whose tables it looks after.
    """

    name: str
    kind: str
    contract: str
    folder: str
    uses: tuple[str, ...]
    includes: tuple[str, ...] = ()
    title: str = ""
    package: str = ""
    key: str = ""
    places: Mapping[str, Span] = _NO_PLACES
    tables: tuple[str, ...] = ()
    database: str = ""
    choices: Mapping[str, tuple[str, ...]] = _NO_CHOICES
    admin_of: str = ""


class Workspace(NamedTuple):
    """The services in the order of the file; `path` is that of mallgen.toml, empty when there is none.

    `text` is the file's content, for code frames. `breaking` are the settings of `mallgen breaking`, None without any.
    """

    path: str
    members: tuple[ServiceEntry, ...]
    text: str = ""
    breaking: "Policy | None" = None

    @property
    def sources(self) -> dict[str, str]:
        """Return the text of mallgen.toml by the file name that its spans have, for code frames."""
        return {os.path.relpath(self.path): self.text} if self.path else {}

    def member_of(self, contract: str) -> ServiceEntry | None:
        """Return the service that a contract belongs to."""
        real = os.path.realpath(contract)
        return next((member for member in self.members if os.path.realpath(member.contract) == real), None)

    def used_by(self, member: ServiceEntry) -> tuple[ServiceEntry, ...]:
        """Return the services that a service uses, in the order of its `uses`."""
        by_name = {found.name: found for found in self.members}
        return tuple(by_name[name] for name in member.uses)


class BadWorkspace(Exception):
    """A mallgen.toml with errors: all of them, and `sources` for code frames."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], sources: dict[str, str]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics
        self.sources = sources


def find(start: str = ".") -> Workspace:
    """Return the workspace around a folder: mallgen.toml there or in the nearest folder above, else an empty one.

    Raises BadWorkspace.
    """
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
    """Read the workspace of one mallgen.toml. Raises BadWorkspace."""
    import tomllib  # imported only where there is a workspace

    shown = os.path.relpath(path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        wrong = Diagnostic("bad-workspace", f"cannot read `{shown}`: {reason}", hint="check the file")
        raise BadWorkspace((wrong,), {}) from None
    if deep := _LONG_KEY.search(text):
        line = text.count("\n", 0, deep.end()) + 1
        why = f"a key has more than 16 parts (at line {line}, column 1)"
        raise BadWorkspace((_not_toml(why, shown, text),), {shown: text})
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # a number of thousands of digits is a plain ValueError
        why = str(problem) if isinstance(problem, tomllib.TOMLDecodeError) else "a number is too long"
        why = "it is nested too deep" if isinstance(problem, RecursionError) else why
        raise BadWorkspace((_not_toml(why, shown, text),), {shown: text}) from None
    from mallgen.text.toml_places import places

    reader = _ConfigReader(os.path.dirname(path), shown, places(text, shown))
    members, policy = reader.members(data), reader.breaking(data)
    if reader.problems:
        raise BadWorkspace(tuple(reader.problems), {shown: text})
    return Workspace(path, members, text, policy)


def _not_toml(problem: str, shown: str, text: str) -> Diagnostic:
    placed = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", problem)
    message, line, col = placed.groups() if placed else (problem, str(text.count("\n") + 1), "1")
    row, column = int(line), int(col)
    span = Span(shown, row, column, row, column + 1)
    return Diagnostic("bad-workspace", f"this is not TOML: {message}", span, "correct it: https://toml.io")


class _ConfigReader:
    """Turns the parsed file into members, and collects the errors with their spans."""

    def __init__(self, root: str, shown: str, places: "TomlPlaces") -> None:
        self.problems: list[Diagnostic] = []
        self._root = root
        self._shown = shown
        self._places = places

    def members(self, data: dict[str, Any]) -> tuple[ServiceEntry, ...]:
        """Return the services without those that have errors."""
        for key in sorted(set(data) - {"breaking", "service"}):
            hint = did_you_mean(key, ["breaking", "service"]) or "services are declared as [service.NAME]"
            self._add_error(f"there is no setting `{key}`", self._places.key(key), hint)
        services = data.get("service", {})
        if isinstance(services, dict) and len(services) > _MOST_SERVICES:
            message = f"there are {len(services)} services, more than a workspace can have ({_MOST_SERVICES})"
            self._add_error(message, self._places.key("service"), "split it into several workspaces")
            return ()
        if not isinstance(services, dict):
            self._add_error(
                "`service` must be a table", self._places.key("service"), "declare services as [service.NAME]"
            )
        found = [self._member(name, values) for name, values in services.items()] if isinstance(services, dict) else []
        members = tuple(member for member in found if member is not None)
        self._check_uses(members, frozenset(services) if isinstance(services, dict) else frozenset())
        self._check_folders(members)
        return members

    def breaking(self, data: dict[str, Any]) -> "Policy | None":
        """Return the settings of `mallgen breaking`."""
        if "breaking" not in data:
            return None
        from mallgen.workspace.breaking_settings import BreakingSettings  # other commands read no rules

        return BreakingSettings(data["breaking"], self._places, self._add_error).policy()

    def _member(self, name: str, values: Any) -> ServiceEntry | None:
        if not isinstance(values, dict):
            self._add_value_error(f"service {name} must be a table", name, "", f"write [service.{name}]")
            return None
        for key in sorted(set(values) - _KEYS):
            hint = did_you_mean(key, sorted(_KEYS)) or f"the keys are {', '.join(sorted(_KEYS))}"
            self._add_error(f"service {name} has an unknown key `{key}`", self._places.key("service", name, key), hint)
        contract, folder = self._path(name, values, "contract"), self._path(name, values, "dir")
        uses, includes = self._texts(name, values, "uses"), self._texts(name, values, "proto_path")
        kind = self._kind(name, values, contract)
        paths = tuple(os.path.relpath(os.path.join(self._root, path)) for path in includes)
        for problem in strays(paths, import_border(os.path.join(self._root, NAME)) or self._root, self._shown):
            self._add_value_error(problem.message, name, "proto_path", problem.hint)
        title, package, key = (self._name(name, values, what) for what in ("name", "package", "key"))
        if key and kind is not None and not kind.calls:
            message = f"service {name} has a key, which an HTTP service is not registered under"
            self._add_error(message, self._places.key("service", name, "key"), "remove it; only RPC services have one")
        if not contract or not folder or kind is None:
            return None
        spans = self._spans(name)
        entry = ServiceEntry(name, kind.name, contract, folder, uses, paths, title, package, key, spans)
        return self._with_tables(entry._replace(admin_of=self._admin_of(name, values)), values)

    def _admin_of(self, name: str, values: dict[str, Any]) -> str:
        value = values.get("admin_of", "")
        if isinstance(value, str):
            return value
        self._add_value_error(f"admin_of of service {name} must be a name", name, "admin_of", 'write admin_of = "…"')
        return ""

    def _with_tables(self, entry: ServiceEntry, values: dict[str, Any]) -> ServiceEntry:
        """Return a service with its settings about tables."""
        if not values.keys() & set(KEYS):
            return entry

        def add(message: str, key: str, hint: str) -> None:
            self._add_value_error(message, entry.name, key, hint)

        found = TableSettings(entry.name, values, add, entry.kind == "model")
        return entry._replace(tables=found.tables(self._root), database=found.database(), choices=found.choices())

    def _kind(self, name: str, values: dict[str, Any], contract: str) -> Kind | None:
        """Return the kind by the setting, else by the contract's suffix; None after an error, or without a contract."""
        asked = values.get("kind", "")
        if not isinstance(asked, str):
            self._add_value_error(f"kind of service {name} must be a text", name, "kind", 'write kind = "…"')
            return None
        try:
            if not asked:
                return kind_of_file(contract) if contract else None
            kind = kind_named(asked)
            if is_built_in(kind) and not contract.endswith(kind.suffixes):
                hint = f"name a {kind.suffixes[0]} file, or leave out `kind`"
                self._add_value_error(
                    f"a contract of kind `{asked}` is a {kind.suffixes[0]} file: {contract}", name, "kind", hint
                )
            return kind
        except UnknownSuffix:
            message = f"the contract of service {name} is {not_a_contract()}: {contract}"
            self._add_value_error(message, name, "contract", "name the contract's file")
        except KindError as problem:
            self._add_value_error(problem.message, name, "kind" if asked else "contract", problem.hint)
        return None

    def _name(self, name: str, values: dict[str, Any], what: str) -> str:
        """Return the setting `name`, `package` or `key`, empty when it is left out or wrong."""
        if what not in values:
            return ""
        value = values[what]
        if isinstance(value, str) and is_name(what, value):
            return value
        rule = NAMES[what][1]
        self._add_value_error(f"service {name} cannot have the {what} {value!r}", name, what, f"a {what} has {rule}")
        return ""

    def _spans(self, name: str) -> dict[str, Span]:
        found = self._places.values
        table = ("service", name)
        spans = {"/".join(path[2:]): span for path, span in found.items() if path[:2] == table and path[2:]}
        head = self._places.key(*table)
        return spans if head is None else {**spans, "": head}

    def _path(self, name: str, values: dict[str, Any], key: str) -> str:
        value = values.get(key, "")
        if not isinstance(value, str) or not value:
            self._add_value_error(f"service {name} needs a `{key}`", name, key, f'write {key} = "…"')
            return ""
        root, real = os.path.realpath(self._root), os.path.realpath(os.path.join(self._root, value))
        if is_inside(real, root):
            return os.path.relpath(real)
        message = f"{key} of service {name} leads out of the workspace: {value}"
        self._add_value_error(message, name, key, f"keep it below the folder of {NAME}")
        return ""

    def _texts(self, name: str, values: dict[str, Any], key: str) -> tuple[str, ...]:
        found = values.get(key, [])
        if isinstance(found, list) and all(isinstance(word, str) for word in found):
            return tuple(found)
        self._add_value_error(f"{key} of service {name} must be a list of texts", name, key, f'write {key} = ["…"]')
        return ()

    def _check_uses(self, members: tuple[ServiceEntry, ...], declared: frozenset[str]) -> None:
        by_name = {member.name: member for member in members}
        for member in members:
            for number, use in enumerate(member.uses):
                place = f"uses/{number}"
                if use not in declared:
                    hint = did_you_mean(use, declared) or f"declare [service.{use}]"
                    message = f"service {member.name} uses `{use}`, which is not a service here"
                    self._add_value_error(message, member.name, place, hint)
                elif use in by_name and not kind_named(by_name[use].kind).calls:
                    message = f"service {member.name} uses `{use}`, which has no .proto contract"
                    self._add_value_error(message, member.name, place, "only RPC services can be used")
            self._check_owner(member, by_name, declared)

    def _check_owner(self, member: ServiceEntry, by_name: Mapping[str, ServiceEntry], declared: frozenset[str]) -> None:
        """Note an error where the service whose tables a service looks after is none that has those tables."""
        name, owner = member.admin_of, by_name.get(member.admin_of)
        if not name or (name in declared and owner is None):
            return
        if owner is None:
            hint = did_you_mean(name, declared) or f"declare [service.{name}]"
            message = f"service {member.name} is the admin of `{name}`, which is not a service here"
            self._add_value_error(message, member.name, "admin_of", hint)
        elif owner is member or not owner.tables or owner.database != member.database or owner.admin_of:
            message = f"service {member.name} is the admin of `{name}`, which does not own the tables of its database"
            self._add_value_error(message, member.name, "admin_of", "name the service that has them")

    def _check_folders(self, members: tuple[ServiceEntry, ...]) -> None:
        folders: dict[str, str] = {}
        for member in members:
            other = folders.setdefault(member.folder, member.name)
            if other != member.name:
                message = f"services {other} and {member.name} have one folder: {member.folder}"
                self._add_value_error(message, member.name, "dir", "give each its own `dir`")

    def _add_value_error(self, message: str, name: str, key: str, hint: str) -> None:
        """Note an error in the value of a key; `uses/0` is the first element of a list."""
        self._add_error(message, self._places.value("service", name, *filter(None, key.split("/"))), hint)

    def _add_error(self, message: str, span: Span | None, hint: str) -> None:
        self.problems.append(Diagnostic("bad-workspace", message, span or Span(self._shown, 1, 1, 1, 2), hint))


def ordered(workspace: Workspace) -> tuple[ServiceEntry, ...]:
    """Return the services, each after those it uses, else in the file's order; circles are cut."""
    done: dict[str, ServiceEntry] = {}
    begun: set[str] = set()

    def visit(member: ServiceEntry) -> None:
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
    """Return the first port from `first` on that no service of the workspace names in its yaml, `folder`'s ignored."""
    return free_among(named_ports(workspace), folder, first)


def named_ports(workspace: Workspace) -> dict[str, tuple[int, ...]]:
    """Return the ports that the yaml of each service names, by the real path of its folder."""
    return {os.path.realpath(member.folder): ports(member.folder) for member in workspace.members}


def free_among(named: Mapping[str, tuple[int, ...]], folder: str, first: int) -> int:
    """Return the first port from `first` on that no other folder names."""
    here = os.path.realpath(folder)
    taken = {port for other, found in named.items() if other != here for port in found}
    while first in taken:
        first += 1
    return first


def ports(folder: str) -> tuple[int, ...]:
    """Return the ports that the settings in a service's `etc/` name."""
    return tuple(port for path in settings_of(folder) for port in ports_in(path))


def settings_of(folder: str) -> tuple[str, ...]:
    """Return the yaml files in a service's `etc/`."""
    place = os.path.join(folder, "etc")
    names = sorted(os.listdir(place)) if os.path.isdir(place) else []
    return tuple(os.path.join(place, name) for name in names if name.endswith((".yaml", ".yml")))


def ports_in(path: str) -> tuple[int, ...]:
    """Return the ports that one yaml names for the service itself; none when the file is missing."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return tuple(int(match["port"]) for match in _PORT.finditer(file.read()))
    except FileNotFoundError:
        return ()
