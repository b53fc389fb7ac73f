"""Statements by their first words: each is read, passed over by design, or a finding."""

from mallgen.diagnostics import Diagnostic
from mallgen.tables.catalog import Catalog
from mallgen.tables.create import create_table
from mallgen.tables.cursor import Cursor, Misread
from mallgen.tables.model import Dialect
from mallgen.tables.scan import DdlStatement, ScannedDdl
from mallgen.text.limits import Limits, raise_it

# rows, sessions and rights: nothing that a table is made of
_DATA = frozenset(
    "INSERT REPLACE UPDATE DELETE SELECT WITH VALUES SET RESET SHOW LOCK UNLOCK START BEGIN COMMIT ROLLBACK SAVEPOINT "
    "RELEASE END GRANT REVOKE ANALYZE OPTIMIZE VACUUM REINDEX FLUSH CHECK REPAIR EXPLAIN DESCRIBE DESC COPY TRUNCATE "
    "PRAGMA CALL DO LOAD DELIMITER SOURCE KILL PREPARE EXECUTE DEALLOCATE ATTACH DETACH NOTIFY LISTEN CLUSTER "
    "DISCARD REFRESH SECURITY REASSIGN".split()
)


def apply(scanned: ScannedDdl, dialect: Dialect, catalog: Catalog, limits: Limits) -> None:
    """Apply a file's statements to the catalog."""
    for statement in scanned.statements:
        cursor = Cursor(statement, scanned.places, dialect, catalog.found)
        if _is_too_deep(statement, cursor, catalog.found, limits):
            continue
        try:
            _apply(cursor, catalog, limits)
        except Misread:
            continue


def _is_too_deep(statement: DdlStatement, cursor: Cursor, found: list[Diagnostic], limits: Limits) -> bool:
    depth = 0
    for token in statement.tokens:
        depth += (token.upper == "(") - (token.upper == ")")
        if depth > limits.nesting:
            hint = "write it flatter, " + raise_it("nesting", 2 * limits.nesting)
            message = f"more than {limits.nesting} levels of brackets: the statement is left out"
            found.append(Diagnostic("too-deep", message, cursor.span(token), hint))
            return True
    return False


def _apply(cursor: Cursor, catalog: Catalog, limits: Limits) -> None:
    """Read one statement."""
    word = cursor.now.upper
    if word in _DATA:
        return
    if cursor.accept("CREATE"):
        _create(cursor, catalog, limits)
    elif cursor.accept("USE"):
        catalog.database = cursor.name("database").text
    else:
        message = f"{cursor.shown()} begins no statement of SQL"
        cursor.report("ddl-syntax", message, cursor.span(cursor.now), "begin with CREATE, ALTER, DROP …")


def _create(cursor: Cursor, catalog: Catalog, limits: Limits) -> None:
    cursor.accept("OR", "REPLACE")
    if cursor.accept_any("DATABASE", "SCHEMA"):
        cursor.accept("IF", "NOT", "EXISTS")
        cursor.name("database")
    elif cursor.accept("TABLE"):
        create_table(cursor, catalog, limits)
