"""The reader of what follows the columns of CREATE TABLE: MySQL's options and partitions, and those of the others."""

from mallgen.tables.cursor import Cursor
from mallgen.tables.drafts import Draft
from mallgen.tables.model import Dialect

_OPTIONS = frozenset(
    "ENGINE TYPE AUTO_INCREMENT AVG_ROW_LENGTH CHARSET CHECKSUM COLLATE COMMENT COMPRESSION CONNECTION DELAY_KEY_WRITE "
    "ENCRYPTION INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS PACK_KEYS PASSWORD ROW_FORMAT STATS_AUTO_RECALC "
    "STATS_PERSISTENT STATS_SAMPLE_PAGES TABLESPACE UNION PAGE_CHECKSUM TRANSACTIONAL SEQUENCE AUTOEXTEND_SIZE "
    "ENCRYPTED ENCRYPTION_KEY_ID PAGE_COMPRESSED PAGE_COMPRESSION_LEVEL ENGINE_ATTRIBUTE SECONDARY_ENGINE".split()
)


def read_options(cursor: Cursor, draft: Draft) -> None:
    """Read to the end of the statement. Comment and character set belong to the table; the others do not change it."""
    if cursor.dialect is Dialect.MYSQL:
        _mysql(cursor, draft)
    elif cursor.dialect is Dialect.POSTGRES:
        _postgres(cursor)
    else:
        while cursor.accept("WITHOUT", "ROWID") or cursor.accept("STRICT") or cursor.accept(","):
            pass
    if cursor.now.kind != "end":
        span = cursor.span(cursor.now)
        message = f"{cursor.shown()} cannot stand behind the columns of a table"
        cursor.report("ddl-syntax", message, span, "end the statement with `;`, or delete what follows")


def _mysql(cursor: Cursor, draft: Draft) -> None:
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
            return


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
        charset = _value(cursor).lower().partition("_")[0]
        draft.charset = draft.charset or charset
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


def _postgres(cursor: Cursor) -> None:
    while True:
        if cursor.accept("WITH") or cursor.accept("INHERITS"):
            if cursor.before.upper == "INHERITS":
                message = "the columns of the table that this one inherits are not in its model"
                cursor.report("ddl-inherits", message, cursor.span(cursor.before), "write the columns in both tables")
            cursor.skip_group()
        elif cursor.accept("TABLESPACE") or cursor.accept("USING"):
            cursor.take()
        elif cursor.accept("PARTITION", "BY"):
            _partitions(cursor)
        elif cursor.accept("ON", "COMMIT"):
            cursor.skip_to(";")
        elif not cursor.accept("WITHOUT", "OIDS"):
            return
