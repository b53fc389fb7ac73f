"""Rules about tables and views as a whole."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, table_rule
from mallgen.breaking.phases import AFTER, BEFORE, releases
from mallgen.rules import Finding
from mallgen.tables.model import Dialect

if TYPE_CHECKING:
    from mallgen.breaking.tables import TablesChange


@table_rule("table-dropped", ERROR, BEHAVIOUR)
def table_dropped(change: "TablesChange") -> Iterator[Finding]:
    """A table is dropped: statements of the code that still runs fail, and its rows are gone.

    Release code that does not use it first, keep a copy of the rows, and drop it when the last old process has stopped.
    """
    for names, schema in change.databases:
        views = {names.canon.table(view.name) for view in schema.added_views}
        for table in change.gone(schema.dropped):
            is_view = names.canon.table(table.name) in views
            message = f"`{table.name}` is a view now" if is_view else f"there is no table `{table.name}` any more"
            hint = "release code that does not use it first, and keep a copy of its rows"
            yield change.planned(names.canon, message, hint, AFTER, old=table, dropped=(table,))


@table_rule("table-renamed", ERROR, BEHAVIOUR)
def table_renamed(change: "TablesChange") -> Iterator[Finding]:
    """A table has another name: the code that still runs names the old one, the new code the new one.

    A view under the old name serves both for a while (MySQL and PostgreSQL write through it, SQLite does not). A table
    counts as renamed when a new one has the same columns and key; where another one was meant, it is a drop.
    """
    from mallgen.breaking.tables import renaming

    for names, _ in change.databases:
        for old, new in names.tables:
            steps = (
                f"rename it, and make a view `{old.name}` of it in the same transaction for the code that still runs",
                f"when the code that names `{new.name}` is rolled out everywhere, drop the view",
            )
            if new.dialect is Dialect.SQLITE:
                steps = (
                    f"make `{new.name}` beside `{old.name}`, write both and read `{old.name}`; copy the rows",
                    f"read and write `{new.name}` alone; drop `{old.name}` when that is rolled out everywhere",
                )
            message = f"the table `{old.name}` is named `{new.name}` now"
            facts = renaming(names.canon, old.name, "", new.name)
            yield change.finding(message, "keep the name", releases(*steps), new.span, old.span, new, facts)


@table_rule("table-added", INFO, BEHAVIOUR)
def table_added(change: "TablesChange") -> Iterator[Finding]:
    """A table is added: the migration runs before the code that uses it."""
    for names, schema in change.databases:
        for table in change.made(schema.added):
            message = f"there is a new table `{table.name}`"
            yield change.planned(names.canon, message, "", BEFORE, new=table, added=(table,))


@table_rule("table-options-changed", WARNING, BEHAVIOUR)
def table_options_changed(change: "TablesChange") -> Iterator[Finding]:
    """A table has another engine, or other options: STRICT and WITHOUT ROWID of SQLite, AUTOINCREMENT.

    Another engine has other transactions and foreign keys (MyISAM and MEMORY have none), and the table is written
    anew. A STRICT table refuses values that the code which still runs may write.
    """
    for pair in change.tables:
        if pair.change.new_options:
            old, new = (" ".join(one.options) or "no options" for one in (pair.old, pair.new))
            message = f"`{pair.name}` has {new} instead of {old}"
            hint = "look what the code relies on: transactions, foreign keys, values of any type"
            yield pair.finding(message, hint, AFTER, was=pair.old.span, new_options=True)


@table_rule("view-dropped", ERROR, BEHAVIOUR)
def view_dropped(change: "TablesChange") -> Iterator[Finding]:
    """A view is gone: statements of the code that still runs fail.

    Release code that does not read it first.
    """
    for names, schema in change.databases:
        tables = {names.canon.table(table.name) for table in schema.added}
        for view in change.gone(schema.dropped_views):
            is_table = names.canon.table(view.name) in tables
            message = f"`{view.name}` is a table now" if is_table else f"there is no view `{view.name}` any more"
            hint = "release code that does not read it first"
            yield change.planned(names.canon, message, hint, AFTER, old=view, dropped_views=(view,))


@table_rule("view-changed", WARNING, BEHAVIOUR)
def view_changed(change: "TablesChange") -> Iterator[Finding]:
    """A view has another query: its readers get other rows or columns.

    It is an error where a column is gone that the code which still runs may read. Add the column again, or make a view
    of another name.
    """
    for names, schema in change.databases:
        canon = names.canon
        for old, new in schema.changed_views:
            kept = {canon.folded(column.name) for column in new.columns}
            gone = [f"`{column.name}`" for column in old.columns if canon.folded(column.name) not in kept]
            message = f"the view `{new.name}` " + (
                f"has no {', '.join(gone)} any more" if gone else "has another query"
            )
            hint = (
                "keep the columns, or make a view of another name" if gone else "see that each reader may get its rows"
            )
            phase = AFTER if gone else BEFORE
            found = change.planned(canon, message, hint, phase, old=old, new=new, changed_views=((old, new),))
            yield found._replace(severity=ERROR if gone else WARNING)


@table_rule("view-added", INFO, BEHAVIOUR)
def view_added(change: "TablesChange") -> Iterator[Finding]:
    """A view is added: the migration runs before the code that reads it."""
    for names, schema in change.databases:
        for view in change.made(schema.added_views):
            message = f"there is a new view `{view.name}`"
            yield change.planned(names.canon, message, "", BEFORE, new=view, added_views=(view,))
