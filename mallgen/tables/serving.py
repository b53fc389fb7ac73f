"""The index that serves a list."""

from mallgen.tables.model import Dialect, Index, ListRule, Table

PRIMARY = "PRIMARY"  # as MySQL calls the index of the primary key


def serving_index(table: Table, one: ListRule) -> str | None:
    """Return the index that begins with the columns a list is chosen by, and goes on with the one it is sorted by."""
    orders = [(PRIMARY, table.key)] if table.key else []
    orders += [(index.name, _whole(table, index)) for index in table.indexes if index.is_plain and not index.where]
    count, chosen, sort = len(one.by), {name.lower() for name in one.by}, one.sort.lower()
    for name, columns in orders:
        folded = [column.lower() for column in columns]
        if set(folded[:count]) == chosen and folded[count : count + 1] == [sort]:
            return name
    return None


def _whole(table: Table, index: Index) -> tuple[str, ...]:
    """Return the columns of an index with those of the primary key, which InnoDB puts behind them."""
    more = table.key if table.dialect is Dialect.MYSQL else ()
    return (*index.columns, *(name for name in more if name not in index.columns))
