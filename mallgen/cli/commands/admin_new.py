"""mallgen admin new: make a service with which people look after tables."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import structs

from mallgen.cli.console import FINE, USAGE, report, say
from mallgen.cli.joining import NewService, join
from mallgen.cli.options import Values
from mallgen.cli.scaffold import NewProject, bad_name, write
from mallgen.cli.writing import current_workspace, no_workspace
from mallgen.diagnostics import Diagnostic
from mallgen.drift.scalars import scalars
from mallgen.emit import starter
from mallgen.emit.admin import account, ddl, picture, project
from mallgen.emit.admin.bodies import bodies as bodies_of
from mallgen.emit.admin.bodies import page_body
from mallgen.emit.admin.columns import AdminTable
from mallgen.kinds.tables import DATABASE, ONLY, read_tables, texts_of
from mallgen.kinds.target import Made, Target
from mallgen.loading.sources import limits
from mallgen.output.files import File
from mallgen.output.records import SETTINGS
from mallgen.python.layout import yaml_text
from mallgen.python.names import is_taken
from mallgen.syntax.format import format_text
from mallgen.tables.read import DdlSource, read
from mallgen.workspace import config
from mallgen.workspace.targets import all_targets

_END = "; nothing was written"
_OWN_TABLES = "contracts/sql/admin.sql"
_FILE = re.compile(r"(?<=sqlite:///)(?![/:])[^?}\s]+")  # a relative path, also as the default of a variable
_DATA_SOURCE = re.compile(r"^DataSource:.*$", re.M)


def run(values: Values) -> int:
    """Make the folder NAME with the contract, the tables and the logic of an admin service."""
    name, quiet = values.text("name"), values.flag("quiet")
    if (wrong := _wrong_name(name)) != FINE:
        return wrong
    texts, unread = texts_of([values.text("src")])
    if unread:
        return report(unread, texts, _END)
    asked = list(dict.fromkeys(word.strip() for word in values.text("tables").split(",") if word.strip()))
    schema = read([DdlSource(path, text) for path, text in texts.items()], limits=limits()).schema
    chosen = project.choose(schema, asked, values.text("database"))
    if chosen.problems:
        return report(chosen.problems, texts, _END)
    new, folder = New(name, values.text("src"), texts, chosen), values.text("dir")
    if (wrong := _wrong_files(new, bool(folder))) != FINE:
        return wrong
    if folder:
        return _join(new, folder, quiet)
    done = write(name, _project(new), quiet)
    if done == FINE and not quiet:
        _tell(new, name)
    return done


def _wrong_name(name: str) -> int:
    wrong = bad_name(name, "admin new")
    if wrong == FINE and is_taken(project.package(name)):
        say(f"error[usage] `{project.package(name)}` is the name of a module that every service needs")
        say(f"  = help: mallgen admin new {name}-admin")
        return USAGE
    return wrong


class New(NamedTuple):
    """A new service: its name, the pattern of its files of DDL, their texts by path, and the tables."""

    name: str
    pattern: str
    texts: Mapping[str, str]
    chosen: project.Chosen

    @property
    def package(self) -> str:
        """The package of the service."""
        return project.package(self.name)

    @property
    def tables(self) -> tuple[AdminTable, ...]:
        """The tables that the service shows: those asked for, and the trail."""
        first = self.chosen.tables[0].table
        return (*self.chosen.tables, project.trail(first.dialect, self.chosen.database))

    @property
    def contract(self) -> str:
        """The text of the contract."""
        found = format_text(project.contract_text(self.name, self.tables), f"{self.name}.api").text
        assert found is not None, "what is written here can be read"
        return found

    @property
    def own_tables(self) -> str:
        """The DDL of the tables that the service writes for itself."""
        return ddl.own_tables(self.chosen.tables[0].table.dialect, self.chosen.database)

    def modules(self) -> dict[str, str]:
        """Return the modules of the package that are the user's from the start, by path."""
        made = project.modules(self.package, self.tables)
        return {f"{self.package}/admin/{path}": text for path, text in made.items()}

    def adapt(self, target: Target) -> Target:
        """Return the target of a new service with accounts, whose logic is written."""
        of_tables = (body for one in self.tables for body in bodies_of(self.package, one))
        bodies = (*account.bodies(), *picture.bodies(), *of_tables, page_body(self.package))
        return target._replace(bodies=bodies, is_admin=True)


def _wrong_files(new: New, is_joining: bool) -> int:
    """Report what is wrong in the files of DDL and where they meet those of the service; return the exit code.

    Warnings are reported for a folder of its own alone: a workspace reports them where it generates the service.
    """
    problems = () if is_joining else tuple(_same_copies(new))
    own = f"{new.name}.sql" if is_joining else _OWN_TABLES
    # the service's own come first: the flaw is then in a file that the user has
    texts = {own: new.own_tables, **new.texts}
    if not problems:
        only = (*(one.table.name for one in new.chosen.tables), *ddl.OWN)
        options = {ONLY: only, DATABASE: (new.chosen.database,)}
        problems = read_tables(texts, Target("model", new.pattern, ".", options)).diagnostics
    if is_joining and all(one.severity != "error" for one in problems):
        return FINE
    return report(problems, texts, _END)


def _same_copies(new: New) -> Iterator[Diagnostic]:
    """Yield an error for each file of DDL whose copy another file, or the service's own tables, would replace."""
    seen = {os.path.basename(_OWN_TABLES): "the tables of the trail and the accounts"}
    for path in new.texts:
        name = os.path.basename(path)
        if name in seen:
            message = f"`{path}` and {seen[name]} would both be contracts/sql/{name}"
            yield Diagnostic("in-the-way", message, hint="rename the file")
        seen.setdefault(name, f"`{path}`")


def _project(new: New) -> NewProject:
    sources = {f"contracts/sql/{os.path.basename(path)}": text for path, text in new.texts.items()}
    contract, own = f"contracts/{new.name}.api", _OWN_TABLES
    places = project.BlockPaths(contract, ".", (*sources, own))
    files = {
        "mallgen.toml": project.settings(new.name, places, new.chosen),
        ".gitignore": starter.IGNORED,
        contract: new.contract,
        **sources,
        own: new.own_tables,
        **new.modules(),
    }

    def targets(folder: str) -> list[Target]:
        return [new.adapt(target) for target in all_targets(config.read(f"{folder}/mallgen.toml"))]

    return NewProject(files, targets, ())


def _join(new: New, folder: str, quiet: bool) -> int:
    """Make the service one of the workspace around, whose contracts and tables lie where the others' do."""
    workspace = current_workspace()
    if not workspace.members:
        hint = f"without -dir, `mallgen admin new {new.name}` makes a folder of its own"
        return report([structs.replace(no_workspace(), hint=hint)], {}, _END)
    root = os.path.dirname(workspace.path)
    apis = [one.contract for one in workspace.members if one.contract.endswith(".api")]
    contract = os.path.join(os.path.dirname((apis or [workspace.members[0].contract])[0]), f"{new.name}.api")
    own = os.path.join(os.path.dirname(next(iter(new.texts))), f"{new.name}.sql")

    def below(path: str) -> str:
        return os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")

    owner = _owner(workspace, new.chosen.database)
    name = owner.name if owner is not None else ""
    places = project.BlockPaths(below(contract), below(folder), (below(new.pattern), below(own)), name)
    files = {contract: new.contract, own: new.own_tables}
    files |= {os.path.join(folder, path): text for path, text in new.modules().items()}
    block = project.settings(new.name, places, new.chosen)
    source = _source_of(owner, folder) if owner is not None else ""

    def settle(made: Made) -> Made:
        return made._replace(files=tuple(_naming(file, source) for file in made.files)) if source else made

    done = join(workspace, NewService(new.name, folder, files, block, new.adapt, settle), quiet)
    if done == FINE and not quiet:
        _tell(new, folder)
        _tell_of_data(root)
    return done


def _tell_of_data(root: str) -> None:
    """Say what to add to the .gitignore of a workspace, which is the user's, where it leaves out no data."""
    try:
        with open(os.path.join(root, ".gitignore"), encoding="utf-8", errors="replace") as file:
            lines = file.read().split()
    except OSError:
        lines = []
    if not any(line.rstrip("/*").endswith(starter.DATA.rstrip("/")) for line in lines):
        say(f"      add `{starter.DATA}` to .gitignore: the hashes of passwords, and pictures, lie there")


def _owner(workspace: config.Workspace, database: str) -> config.ServiceEntry | None:
    """Return the service that owns the tables of a database."""
    owners = (one for one in workspace.members if one.tables and one.kind != "model" and not one.admin_of)
    return next((one for one in owners if one.database == database), None)


def _source_of(owner: config.ServiceEntry, folder: str) -> str:
    """Return the address at which a service finds its database, as one in `folder` writes it, empty without one."""
    for path in config.settings_of(owner.folder):
        with open(path, encoding="utf-8", errors="replace") as file:
            found = scalars(file.read(), path)
        for key in ("datasource", "datasource.url"):
            if key in found and found[key].value and not found[key].value.startswith((">", "|")):
                return _from(found[key].value, os.path.dirname(os.path.dirname(path)), folder)
    return ""


def _from(source: str, owner: str, folder: str) -> str:
    """Return an address of a service in the folder `owner`, as one in `folder` writes it: a file is relative."""
    return _FILE.sub(lambda found: os.path.relpath(os.path.join(owner, found[0]), folder).replace(os.sep, "/"), source)


def _naming(file: File, source: str) -> File:
    """Return the settings with an address of the database; another file as it is."""
    if file.role != SETTINGS:
        return file
    line = f"DataSource: {yaml_text(source)}"
    return file._replace(text=_DATA_SOURCE.sub(lambda _: line, file.text))


def _tell(new: New, folder: str) -> None:
    """Say what was left out of the contract, and what to do next."""
    for one in new.chosen.tables:
        for column, why in one.left_out:
            say(f"left out: {one.table.name}.{column.name}: {why}")
        if one.missing is not None:
            say(f"left out: creating {one.table.name}: no request can give `{one.missing.name}`")
    run = f"python -m {new.package}"
    say(f"next: cd {folder} && pip install -e . && export AUTH_ACCESS_SECRET=… MALLGEN_DEV=1")
    say(f"      {run} createuser NAME && {run}")
