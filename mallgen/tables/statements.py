"""Statements by their first words: each is read, passed over by design, or a finding."""

from collections.abc import Callable

from mallgen.diagnostics import Diagnostic
from mallgen.tables.alter import alter
from mallgen.tables.annotations import Annotations
from mallgen.tables.blocks import read_block
from mallgen.tables.catalog import Catalog
from mallgen.tables.comments import comment_on
from mallgen.tables.creation import create
from mallgen.tables.cursor import BEGINNINGS, Cursor, Misread
from mallgen.tables.databases import set_variable, use
from mallgen.tables.drops import drop, rename
from mallgen.tables.guess import guess
from mallgen.tables.model import Dialect
from mallgen.tables.scan import DdlStatement, ScannedDdl
from mallgen.text.limits import Limits, raise_it

# rows, sessions and rights: nothing that a table is made of
_DATA = frozenset(
    "INSERT REPLACE UPDATE DELETE SELECT WITH VALUES RESET SHOW LOCK UNLOCK START BEGIN COMMIT ROLLBACK SAVEPOINT "
    "RELEASE END ANALYZE OPTIMIZE VACUUM REINDEX FLUSH CHECK CHECKSUM REPAIR DESCRIBE DESC COPY TRUNCATE MERGE TABLE "
    "PRAGMA DELIMITER KILL DEALLOCATE ATTACH DETACH NOTIFY LISTEN UNLISTEN CLUSTER ABORT HANDLER PURGE HELP CLOSE "
    "FETCH MOVE DECLARE DISCARD REFRESH SECURITY REASSIGN CHECKPOINT XA BINLOG LOAD ;".split()
)
_RIGHTS = frozenset(("GRANT", "REVOKE", "EXPLAIN"))
# statements that may change tables by text that is not here
_UNSEEN = frozenset(("CALL", "DO", "PREPARE", "EXECUTE", "SOURCE", "IMPORT"))
_READERS: dict[str, Callable[[Cursor, Catalog], None]] = {
    "CREATE": create,
    "ALTER": alter,
    "DROP": drop,
    "RENAME": rename,
    "COMMENT": comment_on,
    "USE": use,
    "SET": set_variable,
}


def apply(scanned: ScannedDdl, dialect: Dialect, catalog: Catalog) -> None:
    """Apply a file's statements to the catalog."""
    annotations = Annotations(scanned.places, scanned.comments)
    catalog.begin(annotations)
    end = 0
    for statement in scanned.statements:
        cursor = Cursor(statement, scanned.places, dialect, catalog.found)
        if not _is_too_deep(statement, cursor, catalog.limits):
            _run(cursor, catalog, annotations, end)
        if statement.tokens[0].upper != "DROP":
            end = statement.tokens[-1].end
    catalog.found += annotations.left()


def _is_too_deep(statement: DdlStatement, cursor: Cursor, limits: Limits) -> bool:
    depth = 0
    for token in statement.tokens:
        depth += (token.upper == "(") - (token.upper == ")")
        if depth > limits.nesting:
            hint = "write it flatter, " + raise_it("nesting", 2 * limits.nesting)
            message = f"more than {limits.nesting} levels of brackets: the statement is left out"
            cursor.found.append(Diagnostic("too-deep", message, cursor.span(token), hint))
            return True
    return False


def _run(cursor: Cursor, catalog: Catalog, annotations: Annotations, end: int) -> None:
    """Read one statement, and those that follow it when the `;` between them is missing."""
    while cursor.now.kind != "end":
        annotations.stand_between(cursor.before.end if cursor.at else end, cursor.now.start)
        try:
            _statement(cursor, catalog)
            _ended(cursor)
        except Misread:
            if not cursor.begins_statement():
                cursor.pass_over()


def _ended(cursor: Cursor) -> None:
    """Report words behind a statement that is complete. Raises Misread for what begins no other one."""
    if cursor.now.kind == "end":
        return
    if not cursor.begins_statement():
        cursor.fail("the statement is complete", "end it with `;`, or delete what follows")
    message = f"a `;` is missing in front of {cursor.shown()}"
    edits = (cursor.insertion(cursor.before.end, ";"),)
    cursor.report("ddl-syntax", message, cursor.span(cursor.now), "end each statement with `;`", edits=edits)


def _statement(cursor: Cursor, catalog: Catalog) -> None:
    """Read one statement."""
    word = cursor.now.upper
    reader = _READERS.get(word)
    if reader is not None:
        cursor.take()
        reader(cursor, catalog)
    elif word in _RIGHTS:
        cursor.pass_over()
        while cursor.now.kind != "end" and cursor.ahead().upper != "TABLE":
            cursor.pass_over()
    elif word in _DATA or word == "(":
        _data(cursor)
    elif word == "DO" and cursor.dialect is Dialect.POSTGRES and read_block(cursor, catalog, _statement):
        cursor.end()
    elif word in _UNSEEN:
        unseen(cursor)
    else:
        hint = guess(cursor.found, word, BEGINNINGS) if word.isalpha() and word.isascii() else ""
        cursor.fail("it begins no statement of SQL", hint or "begin with CREATE, ALTER, DROP …")


def _data(cursor: Cursor) -> None:
    """Pass over a statement of rows; PostgreSQL's SELECT INTO makes a table of them."""
    first = cursor.now
    cursor.pass_over()
    if cursor.dialect is Dialect.POSTGRES and first.upper == "SELECT":
        tokens = cursor.tokens[: cursor.at]
        into = next((token for token in tokens if token.upper == "INTO"), None)
        if into is not None:
            message = "SELECT INTO makes a table that gets no model"
            cursor.report("ddl-unmodelled", message, cursor.span(into), "write CREATE TABLE", "warning")


def unseen(cursor: Cursor) -> None:
    """Report a statement that carries out other text."""
    token = cursor.now
    cursor.end()
    message = f"{token.upper} may change tables, and what it carries out is not read"
    hint = "write CREATE and ALTER as statements of the file, or leave this one out"
    cursor.report("ddl-unmodelled", message, cursor.span(token), hint, "warning")
