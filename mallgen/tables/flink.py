"""Tables of Flink SQL, which describe a connector: told by their options `WITH ('connector' = …)`."""

from mallgen.tables.cursor import Cursor


def is_flink(cursor: Cursor) -> bool:
    """Tell a CREATE TABLE of Flink SQL from that of a database."""
    start = cursor.at
    try:
        while cursor.now.kind != "end" and not cursor.begins_statement():
            word = cursor.take().upper
            options = word == "WITH" and cursor.now.upper == "(" and cursor.ahead().kind == "text"
            if (options and cursor.ahead(2).upper == "=") or (word == "WATERMARK" and cursor.now.upper == "FOR"):
                return True
        return False
    finally:
        cursor.at = start
