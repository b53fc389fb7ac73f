"""mallgen model datasource: generate a package of models from the tables of a database."""

import os

from mallgen.cli.console import FINE, USAGE, out, report, say
from mallgen.cli.modelling import chosen, refused
from mallgen.cli.options import Values
from mallgen.cli.writing import WriteOptions, current_workspace, write_made
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.model import KIND, made_of
from mallgen.kinds.tables import DATABASE, DIALECT, ONLY
from mallgen.kinds.target import Made, Target
from mallgen.loading.live.address import FORMS, MYSQL, POSTGRES, Address, BadAddress, address
from mallgen.loading.live.dump import LiveDdl, Unread, is_as_read, read_live
from mallgen.loading.rewrite import CannotWrite, put_file
from mallgen.python.names import model_package
from mallgen.workspace.targets import of_member

_CONTRACT = "schema.sql"


def run(values: Values) -> int:
    """Read the tables, and write schema.sql with their DDL and the models of it; nothing after an error."""
    url, options = values.text("url"), WriteOptions.by(values)
    try:
        if _is_unfit(address(url), values) or refused(values):
            return USAGE
        target = chosen(_target(values.text("dir") or "."), values)
        found = read_live(url, values.text("schema") or "public", target.option(ONLY))
    except BadAddress as problem:
        say(f"error[usage] -url: {problem}")
        say(f"  = help: write {FORMS}")
        return USAGE
    except Unread as problem:
        return report([problem.diagnostic], {}, options.end)
    return _write(found, target, options, values.flag("force"))


def _is_unfit(place: Address, values: Values) -> bool:
    """Report a database of another kind than the command or an option is for."""
    dialect, schema = values.text("dialect"), values.text("schema")
    if dialect and place.dialect != dialect:
        say(f"error[usage] -url is a database of {place.dialect}, and this command is for {dialect}")
        say("  = help: mallgen model datasource reads all three")
    elif schema and place.dialect != POSTGRES:
        say(f"error[usage] --schema is for PostgreSQL, and -url is a database of {place.dialect}")
        say("  = help: leave it out; the database stands in the URL")
    else:
        return False
    return True


def _target(folder: str) -> Target:
    """Return the target of a folder: that of mallgen.toml where it names the folder's schema.sql."""
    contract = os.path.normpath(os.path.join(folder, _CONTRACT))
    workspace = current_workspace()
    member = workspace.member_of(contract)
    known = of_member(member, workspace).into(folder) if member is not None else Target(KIND.name, contract, folder)
    return known._replace(contract=contract)


def _write(found: LiveDdl, target: Target, options: WriteOptions, force: bool) -> int:
    contract = target.contract
    database = {DATABASE: (found.database,)} if found.dialect == MYSQL else {}
    package = target.called.package or model_package(found.database)
    named = target.having({**database, DIALECT: (found.dialect,)})
    named = named._replace(called=target.called._replace(package=package))
    problem = _folder_there(contract) or _empty(found, target.option(ONLY)) or (None if force else _edited(contract))
    if problem:
        return report([problem], {}, options.end)
    made = made_of({contract: found.text}, named)
    if not made.files and not _is_current(contract, found.text):  # the places shall not be in a file that is not there
        name = f"DDL of the database {found.database}"
        made = made_of({name: found.text}, named._replace(contract=name))
    code = report(made.diagnostics, made.sources, options.end)
    if not made.files:
        return code
    return code or _put(found, named, made, options)


def _empty(found: LiveDdl, patterns: tuple[str, ...]) -> Diagnostic | None:
    """Return an error when a database has no table, or none whose name fits a pattern."""
    if not found.is_empty:
        return None
    names = ", ".join(found.names[:8]) + (" …" if len(found.names) > 8 else "")
    named = f" that is named {' or '.join(f'`{one}`' for one in patterns)}" if patterns and found.names else ""
    hint = f"there are {names}" if names else "name another database, or make its tables first"
    return Diagnostic("no-tables", f"the database {found.database} has no table{named}", hint=hint)


def _put(found: LiveDdl, target: Target, made: Made, options: WriteOptions) -> int:
    """Write the contract when the models could be written, then the models."""
    if not options.quiet:
        for note in found.notes:
            say(note)
    is_current = _is_current(target.contract, found.text)
    if options.dry_run and not options.quiet and not is_current:
        out(f"{'update' if os.path.lexists(target.contract) else 'create'} {target.contract}")
    code = write_made(target, made, options._replace(dry_run=True, quiet=not options.dry_run or options.quiet))
    if code != FINE or options.dry_run:
        return code
    if not is_current:
        try:
            put_file(target.contract, found.text)
        except CannotWrite as problem:
            return report([problem.diagnostic], {}, options.end)
        if not options.quiet:
            out(target.contract)
    return write_made(target, made, options)


def _is_current(path: str, text: str) -> bool:
    return _text(path) == text


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _folder_there(contract: str) -> Diagnostic | None:
    if not os.path.isdir(contract):
        return None
    message = f"`{contract}` is a folder, and the tables' DDL belongs there"
    return Diagnostic("in-the-way", message, hint="move it away, or generate into another folder: -dir DIR")


def _edited(contract: str) -> Diagnostic | None:
    """Return an error for a contract that is there and is not as an earlier run left it."""
    if not os.path.lexists(contract) or is_as_read(_text(contract)):
        return None
    message = f"`{contract}` is yours, or has been edited since it was read from a database"
    hint = f"`mallgen model migrate {contract} URL` shows the differences; --force replaces the file"
    return Diagnostic("in-the-way", message, hint=hint)
