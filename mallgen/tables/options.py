"""The reader of what follows the columns of CREATE TABLE: MySQL's options and partitions, and those of the others."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor
from mallgen.tables.drafts import Draft
from mallgen.tables.lookup import named_table
from mallgen.tables.model import Dialect

_OPTIONS = frozenset(
    "ENGINE TYPE AUTO_INCREMENT AVG_ROW_LENGTH CHARSET CHECKSUM COLLATE COMMENT COMPRESSION CONNECTION DELAY_KEY_WRITE "
    "ENCRYPTION INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS PACK_KEYS PASSWORD ROW_FORMAT STATS_AUTO_RECALC "
    "STATS_PERSISTENT STATS_SAMPLE_PAGES TABLESPACE UNION PAGE_CHECKSUM TRANSACTIONAL SEQUENCE AUTOEXTEND_SIZE "
    "ENCRYPTED ENCRYPTION_KEY_ID PAGE_COMPRESSED PAGE_COMPRESSION_LEVEL ENGINE_ATTRIBUTE SECONDARY_ENGINE".split()
)


def read_options(cursor: Cursor, draft: Draft, catalog: Catalog) -> None:
    """Read what follows the columns. Comment and character set belong to the table; most others do not change it."""
    if cursor.dialect is Dialect.MYSQL:
        mysql_options(cursor, draft)
    elif cursor.dialect is Dialect.POSTGRES:
        _postgres(cursor, draft, catalog)
    else:
        _sqlite(cursor, draft)


def _sqlite(cursor: Cursor, draft: Draft) -> None:
    while True:
        if cursor.accept("WITHOUT", "ROWID"):
            draft.has_rowid = False
        elif cursor.accept("STRICT"):
            draft.is_strict = True
        elif not cursor.accept(","):
            return


def mysql_options(cursor: Cursor, draft: Draft) -> bool:
    """Take MySQL's options of a table, up to a word that is none; return whether there was one."""
    start = cursor.at
    while cursor.now.kind != "end":
        if cursor.accept(","):
            continue
        if cursor.accept("PARTITION", "BY"):
            _partitions(cursor)
            continue
        if cursor.accept_any("DATA", "INDEX"):
            cursor.accept("DIRECTORY")
            _value(cursor)
            continue
        cursor.accept("DEFAULT")
        if cursor.accept("CHARACTER", "SET") or cursor.accept("CHAR", "SET"):
            draft.charset = _value(cursor).lower()
        elif cursor.now.upper in _OPTIONS:
            _option(cursor, draft)
        else:
            break
    return cursor.at > start


def _option(cursor: Cursor, draft: Draft) -> None:
    word = cursor.take().upper
    if word == "COMMENT":
        cursor.accept("=")
        if cursor.now.kind != "text":
            cursor.fail("COMMENT is followed by a text", "write it in quotes: COMMENT='…'")
        draft.comment = cursor.take().text
    elif word == "UNION":
        cursor.accept("=")
        cursor.skip_group()
    elif word == "CHARSET":
        draft.charset = _value(cursor).lower()
    elif word == "COLLATE":
        draft.collation = _value(cursor).lower()
        draft.charset = draft.charset or draft.collation.partition("_")[0]
    elif word in ("ENGINE", "TYPE"):
        draft.engine = _value(cursor)
    else:
        _value(cursor)


def _value(cursor: Cursor) -> str:
    cursor.accept("=")
    if cursor.now.kind == "end" or cursor.now.kind == "sign":
        cursor.fail("an option is followed by its value", "write one, or delete the option")
    return cursor.take().text


def _partitions(cursor: Cursor) -> None:
    """Take PARTITION BY to its end: it does not change what a table holds."""
    while cursor.now.kind != "end":
        if cursor.now.upper == "(":
            cursor.skip_group()
        else:
            cursor.take()


def _postgres(cursor: Cursor, draft: Draft, catalog: Catalog) -> None:
    while True:
        if cursor.accept("WITH"):
            cursor.skip_group()
        elif cursor.accept("INHERITS"):
            _inherit(cursor, draft, catalog)
        elif cursor.accept("TABLESPACE") or cursor.accept("USING"):
            cursor.take()
        elif cursor.accept("PARTITION", "BY"):
            _partitions(cursor)
        elif cursor.accept("ON", "COMMIT"):
            cursor.skip_to(";")
        elif not cursor.accept("WITHOUT", "OIDS"):
            return


def _inherit(cursor: Cursor, draft: Draft, catalog: Catalog) -> None:
    """Take the columns of the tables that PostgreSQL's INHERITS names: they stand in front of the table's own."""
    cursor.expect("(", "INHERITS")
    own, draft.columns = draft.columns, {}
    try:
        while True:
            for column in named_table(cursor, catalog).columns.values():
                draft.put(column)
            if not cursor.accept(","):
                break
    finally:
        for column in own.values():
            draft.put(column)
    cursor.expect(")", "the last table")
