"""mallgen model migrate: print the statements that lead from one schema to another."""

from typing import NamedTuple

from mallgen.cli.console import FINE, USAGE, AlreadyReported, for_machines, report, say, show
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.loading.ddl_files import DdlFiles, read_ddl
from mallgen.loading.live.address import FORMS, BadAddress, is_address
from mallgen.loading.live.dump import Unread, read_live
from mallgen.loading.revisions import is_revision, read_revision
from mallgen.loading.sources import limits
from mallgen.tables.detect import shown
from mallgen.tables.migration.migrate import Side, migrate
from mallgen.tables.migration.step import BY_HAND, FAILS, LOCKS, LOSES, REWRITES, Caution, MigrationStep
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from mallgen.text.visible import counted

_TOOLS = "alembic, atlas, flyway and goose take the file: mallgen model migrate OLD NEW > 2026_11_29.sql"
_WORDS = {LOSES: "loses data", REWRITES: "rewrites", LOCKS: "locks", FAILS: "may fail", BY_HAND: "by hand"}
_END = "; nothing was printed"


class _Given(NamedTuple):
    """One side of the command line: its name without a password, its texts by name, and the dialect that they show."""

    name: str
    texts: dict[str, str]
    dialect: Dialect | None
    is_live: bool = False


def run(values: Values) -> int:
    """Print the statements; exit 0, also when there are none."""
    if values.flag("apply"):
        say("error[usage] mallgen applies no migration")
        say(f"  = help: {_TOOLS}")
        return USAGE
    with without_gc():
        old, new = (_given(values, name) for name in ("old", "new"))
        dialect = _dialect(values.text("dialect"), old, new)
        left, right = _side(old, new.dialect or dialect), _side(new, old.dialect or dialect)
        _refuse_unknown(values, left, right, dialect)
        steps = migrate(left, right, dialect, values.text("database"), limits())
    cautions = [caution for step in steps for caution in step.cautions]
    sources = {**old.texts, **new.texts}
    report([_warning(caution, sources) for caution in cautions], sources, "")
    if not steps:
        say("no difference: nothing has to be changed")
        return FINE
    head = f"-- {dialect.value}: from {_line(old.name)} to {_line(new.name)}, by mallgen model migrate\n\n"
    show(head + "".join(map(_text, steps)))
    if not for_machines():
        say(_counts(steps, cautions))
    return FINE


def _given(values: Values, name: str) -> _Given:
    """Read one side: a file or pattern, `REVISION:PATH` of git, or the URL of a database. Raises AlreadyReported."""
    text = values.text(name)
    if is_address(text):
        return _live(name.upper(), text, values.text("schema") or "public")
    if is_revision(text):
        texts, problem = read_revision(text, limits())
        files = DdlFiles(texts, (problem,) if problem is not None else ())
    else:
        files = read_ddl([text])
    if files.diagnostics:
        raise AlreadyReported(report(files.diagnostics, {}, _END))
    dialects = {found for content in files.texts.values() if (found := shown(content)) is not None}
    return _Given(text, files.texts, dialects.pop() if len(dialects) == 1 else None)


def _live(name: str, url: str, schema: str) -> _Given:
    try:
        found = read_live(url, schema)
    except BadAddress as problem:
        say(f"error[usage] {name}: {problem}")
        say(f"  = help: write {FORMS}")
        raise AlreadyReported(USAGE) from None
    except Unread as problem:
        raise AlreadyReported(report([problem.diagnostic], {}, _END)) from None
    return _Given(f"the database {found.database}", {f"{found.database}.sql": found.text}, Dialect(found.dialect), True)


def _dialect(asked: str, old: _Given, new: _Given) -> Dialect:
    """Return the dialect of the statements: that of --dialect, of a database, or of both files."""
    if asked:
        return Dialect(asked)
    live = [side.dialect for side in (old, new) if side.is_live and side.dialect is not None]
    told = [side.dialect for side in (old, new) if side.dialect is not None]
    if live or len(set(told)) <= 1:
        return (*live, *told, Dialect.MYSQL)[0]
    names = [side.dialect.value for side in (old, new) if side.dialect is not None]
    say(f"error[usage] OLD and NEW are of two dialects: {' and '.join(names)}")
    say("  = help: --dialect mysql, postgres or sqlite says for which database the statements are")
    raise AlreadyReported(USAGE)


def _side(given: _Given, other: Dialect) -> Side:
    """Read the tables of one side; `other` is the dialect of one that shows none. Raises AlreadyReported."""
    sources = [DdlSource(name, text) for name, text in given.texts.items()]
    result = read(sources, given.dialect or other, limits())
    errors = [problem for problem in result.diagnostics if problem.severity == "error"]
    if errors:
        raise AlreadyReported(report(errors, given.texts, _END))
    return Side(result.schema, given.is_live)


def _refuse_unknown(values: Values, left: Side, right: Side, dialect: Dialect) -> None:
    """Refuse a database or schema that neither side has. Raises AlreadyReported."""
    database, known = values.text("database"), {*left.schema.databases, *right.schema.databases}
    if database and database not in known:
        say(f"error[usage] neither OLD nor NEW has tables of a database `{database}`")
        names = ", ".join(sorted(filter(None, known)))
        say(f"  = help: {f'there are those of {names}' if names else 'leave --database out: nothing names a database'}")
        raise AlreadyReported(USAGE)
    if values.text("schema") and not (dialect is Dialect.POSTGRES and (left.is_live or right.is_live)):
        say("error[usage] --schema is for a database of PostgreSQL, and neither OLD nor NEW is one")
        say("  = help: leave it out")
        raise AlreadyReported(USAGE)


def _warning(caution: Caution, sources: dict[str, str]) -> Diagnostic:
    span = caution.span if caution.span is not None and caution.span.file in sources else None
    return Diagnostic(caution.code, caution.message, span, caution.hint, severity="warning")


def _text(step: MigrationStep) -> str:
    """Return a statement behind its warnings, as lines of the file."""
    warnings = "".join(f"-- {_WORDS[caution.code]}: {_line(caution.message)}\n" for caution in step.cautions)
    return f"{warnings}{step.statement};\n\n" if step.statement else f"{warnings}\n"


def _counts(steps: list[MigrationStep], cautions: list[Caution]) -> str:
    words = [(sum(caution.code == code for caution in cautions), word) for code, word in _WORDS.items()]
    told = ", ".join(f"{number} {word}" for number, word in words if number)
    count = counted(sum(bool(step.statement) for step in steps), "statement")
    return f"{count}; look at: {told}" if told else count


def _line(text: str) -> str:
    return " ".join(text.split())
