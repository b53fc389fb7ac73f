"""mallgen admin new: make a service with which people look after tables."""

import os
from collections.abc import Mapping

from mallgen.cli.console import FINE, USAGE, report, say
from mallgen.cli.options import Values
from mallgen.cli.scaffold import NewProject, bad_name, write
from mallgen.emit.admin import account, ddl, picture, project
from mallgen.emit.admin.bodies import bodies as bodies_of
from mallgen.emit.admin.bodies import page_body
from mallgen.kinds.tables import DATABASE, ONLY, read_tables, texts_of
from mallgen.kinds.target import Target
from mallgen.loading.sources import limits
from mallgen.python.names import is_taken
from mallgen.syntax.format import format_text
from mallgen.tables.read import DdlSource, read
from mallgen.workspace import config
from mallgen.workspace.targets import all_targets

_END = "; nothing was written"


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
    problems = chosen.problems
    if not problems:
        options = {ONLY: tuple(asked), DATABASE: (chosen.database,)}
        problems = read_tables(texts, Target("model", values.text("src"), ".", options)).diagnostics
    if any(one.severity == "error" for one in problems):
        return report(problems, texts, _END)
    done = write(name, _project(name, texts, chosen), quiet)
    if done == FINE and not quiet:
        _tell(name, chosen)
    return done


def _wrong_name(name: str) -> int:
    wrong = bad_name(name, "admin new")
    if wrong == FINE and is_taken(project.package(name)):
        say(f"error[usage] `{project.package(name)}` is the name of a module that every service needs")
        say(f"  = help: mallgen admin new {name}-admin")
        return USAGE
    return wrong


def _project(name: str, texts: Mapping[str, str], chosen: project.Chosen) -> NewProject:
    package = project.package(name)
    dialect = chosen.tables[0].table.dialect
    tables = (*chosen.tables, project.trail(dialect, chosen.database))
    contract = format_text(project.contract_text(name, tables), f"{name}.api").text
    assert contract is not None, "what is written here can be read"
    sources = {f"contracts/sql/{os.path.basename(path)}": text for path, text in texts.items()}
    own = ddl.own_tables(dialect, chosen.database)
    files = {
        "mallgen.toml": project.settings(name, list(sources), chosen),
        f"contracts/{name}.api": contract,
        **sources,
        "contracts/sql/admin.sql": own,
        **{f"{package}/admin/{path}": text for path, text in project.modules(package, tables).items()},
    }
    of_tables = (body for one in tables for body in bodies_of(package, one))
    bodies = (*account.bodies(), *picture.bodies(), *of_tables, page_body(package))

    def targets(folder: str) -> list[Target]:
        found = all_targets(config.read(f"{folder}/mallgen.toml"))
        return [target._replace(bodies=bodies, is_admin=True) for target in found]

    return NewProject(files, targets, ())


def _tell(name: str, chosen: project.Chosen) -> None:
    """Say what was left out of the contract, and what to do next."""
    for one in chosen.tables:
        for column, why in one.left_out:
            say(f"left out: {one.table.name}.{column.name}: {why}")
        if one.missing is not None:
            say(f"left out: creating {one.table.name}: no request can give `{one.missing.name}`")
    run = f"python -m {project.package(name)}"
    say(f"next: cd {name} && pip install -e . && export AUTH_ACCESS_SECRET=… MALLGEN_DEV=1")
    say(f"      {run} createuser NAME && {run}")
