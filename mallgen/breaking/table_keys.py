"""Rules about indexes of tables, and the lists and lookups of models that they serve."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, SOURCE, WARNING, table_rule
from mallgen.breaking.phases import AFTER, ANY_TIME, BEFORE, Phase, releases
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.breaking.tables import Paired, TablePair, TablesChange
    from mallgen.tables.lists import Listed
    from mallgen.tables.model import Index, ListRule


@table_rule("table-key-changed", ERROR, SOURCE)
def table_key_changed(change: "TablesChange") -> Iterator[Finding]:
    """A table has another primary key: rows are found, changed and deleted by other columns.

    The methods of the model take other arguments, references of other tables may hold no more, and all rows are
    written anew. A unique index of the new columns beside the old key serves both versions of the code.
    """
    for pair in change.tables:
        if pair.change.new_key:
            old, new = (", ".join(f"`{name}`" for name in one.key) for one in (pair.old, pair.new))
            steps = (
                "add a unique index of the new key's columns, and code that finds rows by it",
                "run the migration, when that code is rolled out everywhere",
            )
            message = f"the primary key of `{pair.name}` is {new or 'gone'}, and was {old or 'none'}"
            hint = "keep the primary key, and add a unique index"
            phase = releases(*steps) if new else AFTER
            yield pair.finding(message, hint, phase, was=pair.old.span, new_key=True)


@table_rule("index-of-list-dropped", ERROR, SOURCE)
def index_of_list_dropped(change: "TablesChange") -> Iterator[Finding]:
    """An index is gone, or is another one, that a list of the generated model needs.

    The method of the list goes with the index; a list that a comment `mallgen:list` declares stays, and reads and sorts
    all rows for each page. Keep the index as long as code that runs asks for the list.
    """
    for pair in change.tables:
        for both in pair.indexes:
            lost = _lost(pair, both)
            if both.old is not None and lost and not _is_unique_now(both):
                what = " and ".join(_list(one) for one in lost)
                message = f"`{pair.name}` has no index any more for the list {what}"
                hint = f"keep `{both.old.name}`, or one that begins with its columns"
                yield _about(pair, both, message, hint, AFTER)


@table_rule("index-dropped", WARNING, BEHAVIOUR)
def index_dropped(change: "TablesChange") -> Iterator[Finding]:
    """An index is gone: statements that it served read all rows.

    Where another index begins with the same columns, it serves them, and this is only said with --all.
    """
    for pair in change.tables:
        for both in pair.indexes:
            old = both.old
            if old is not None and both.new is None and not old.unique and not _lost(pair, both):
                served = _begins(pair, old)
                message = f"`{pair.name}` has no index `{old.name}` ({', '.join(old.columns)}) any more"
                hint = "" if served else "look first whether a statement of the code needs it"
                found = _about(pair, both, message, hint, AFTER)
                yield found._replace(severity=INFO if served else WARNING)


@table_rule("index-changed", WARNING, BEHAVIOUR)
def index_changed(change: "TablesChange") -> Iterator[Finding]:
    """An index has other columns, another order of them or another kind: statements that it served may read all rows.

    Add the new index beside the old one, and drop that one when nothing needs it.
    """
    for pair in change.tables:
        for both in pair.indexes:
            old, new = both
            is_said = _lost(pair, both) or _demands(pair, both) or _relaxes(pair, both)
            if old and new and not is_said:
                is_grown = new.is_plain and old.is_plain and new.columns[: len(old.columns)] == old.columns
                what = f"is of {', '.join(new.columns)} now" if old.columns != new.columns else "is made in another way"
                message = f"the index `{new.name}` of `{pair.name}` {what}"
                hint = "" if is_grown else "add it beside the old one, and drop that one later"
                yield _about(pair, both, message, hint, BEFORE)._replace(severity=INFO if is_grown else WARNING)


@table_rule("index-renamed", INFO, BEHAVIOUR)
def index_renamed(change: "TablesChange") -> Iterator[Finding]:
    """An index has another name; only statements that name it notice: USE INDEX, ON CONFLICT ON CONSTRAINT."""
    for pair in change.tables:
        for old, new in pair.change.renamed_indexes:
            message = f"the index `{old.name}` of `{pair.name}` is named `{new.name}` now"
            yield pair.finding(message, "", ANY_TIME, span=new.span, was=old.span, renamed_indexes=((old, new),))


@table_rule("index-added", INFO, BEHAVIOUR)
def index_added(change: "TablesChange") -> Iterator[Finding]:
    """An index is added. Its migration runs before the code that needs it, and at a time when few write to the table.

    MySQL builds it while others write, PostgreSQL holds writers up unless it says CONCURRENTLY.
    """
    for pair in change.tables:
        for both in pair.indexes:
            if both.new is not None and both.old is None and not both.new.unique:
                yield _about(pair, both, f"`{pair.name}` has a new index `{both.new.name}`", "", BEFORE)


@table_rule("index-unique-added", ERROR, BEHAVIOUR)
def index_unique_added(change: "TablesChange") -> Iterator[Finding]:
    """Values are unique that were not: rows that are there twice stop the migration, and old code may write more.

    Release code that writes none twice, look for those that are there, and add the index then.
    """
    steps = (
        "code that writes no values twice; then mend the rows that have the same",
        "run the migration, when that code is rolled out everywhere",
    )
    for pair in change.tables:
        for both in pair.indexes:
            if both.new is not None and _demands(pair, both):
                message = f"`{pair.name}` takes each {_columns(both.new)} only once now"
                if _lost(pair, both) and _is_unique_now(both):
                    message += ", and its model has no list by it any more"
                hint = (
                    f"leave it not unique, look for rows that have the same {_columns(both.new)}, and check in the code"
                )
                yield _about(pair, both, message, hint, releases(*steps))


@table_rule("index-unique-dropped", ERROR, SOURCE)
def index_unique_dropped(change: "TablesChange") -> Iterator[Finding]:
    """Values are no longer unique: the model's method that finds one row by them goes, and rows may have them twice.

    Keep the unique index as long as code that runs finds rows by it, or relies on ON CONFLICT or ON DUPLICATE KEY.
    """
    for pair in change.tables:
        for both in pair.indexes:
            if both.old is not None and _relaxes(pair, both):
                message = f"`{pair.name}` may have the same {_columns(both.old)} in several rows now"
                hint = "keep the unique index until no code finds rows by it"
                yield _about(pair, both, message, hint, AFTER)


@table_rule("table-list-removed", ERROR, SOURCE)
def table_list_removed(change: "TablesChange") -> Iterator[Finding]:
    """A list that a comment `mallgen:list` declared is gone, and its method of the model with it.

    The method is named after the columns whose values are given and the list's name: with others it is another one.
    Keep the comment as long as code asks for the list.
    """
    for pair in change.tables:
        kept = {(one.by, one.name) for one in pair.new.lists}
        for one in pair.old.lists:
            if (one.by, one.name) not in kept:
                message = f"`{pair.name}` declares no list {_rule(one)} any more"
                yield pair.finding(message, "keep the comment until no code asks for the list", ANY_TIME, was=one.span)


@table_rule("table-list-changed", WARNING, BEHAVIOUR)
def table_list_changed(change: "TablesChange") -> Iterator[Finding]:
    """A list that a comment `mallgen:list` declares has another order: the same call returns other rows first.

    While both versions of the code run, a page of one does not go on where a page of the other ended. Declare a list of
    another name beside it.
    """
    for pair in change.tables:
        declared = {(one.by, one.name): one for one in pair.old.lists}
        for one in pair.new.lists:
            old = declared.get((one.by, one.name))
            if old is not None and (old.sort, old.descending) != (one.sort, one.descending):
                message = f"the list {_rule(one)} of `{pair.name}` has {_order(one)} first now, and had {_order(old)}"
                hint = "keep the order, and declare a list of another name beside it"
                yield pair.finding(message, hint, ANY_TIME, span=one.span, was=old.span)


def _rule(one: "ListRule") -> str:
    by = " and ".join(f"`{name}`" for name in one.by)
    return f"`{one.name}` by {by}" if by else f"`{one.name}`"


def _order(one: "ListRule") -> str:
    return f"the {'largest' if one.descending else 'smallest'} `{one.sort}`"


def _about(pair: "TablePair", both: "Paired[Index]", message: str, hint: str, phase: Phase) -> Finding:
    """Return a finding about an index, with the statements that make the new one of the old."""
    old, new = both
    only = {"dropped_indexes": (old,) if old else (), "added_indexes": (new,) if new else ()}
    place, was = new.span if new else None, old.span if old else None
    return pair.finding(message, hint, phase, span=place, was=was, **only)


def _lost(pair: "TablePair", both: "Paired[Index]") -> "list[Listed]":
    """Return the lists that go with an index, and not with one of their columns."""
    lost = pair.lost_lists.get(both.old.name, []) if both.old is not None else []
    names = {column.name for column in pair.new.columns}
    return [one for one in lost if names >= {*one.columns, *one.by}]


def _is_unique_now(both: "Paired[Index]") -> bool:
    """Return whether an index has the columns that it had, each value once: one row is found where a list was."""
    old, new = both
    return old is not None and new is not None and new.unique and old.columns == new.columns


def _list(one: "Listed") -> str:
    return f"`{one.word}`" if one.word else f"by {' and '.join(f'`{name}`' for name in one.columns)}"


def _columns(index: "Index") -> str:
    return " and ".join(f"`{name}`" for name in index.columns) or "value"


def _folded(pair: "TablePair", index: "Index | None") -> frozenset[str]:
    """Return the columns that have each value once, none for an index that is not unique."""
    return frozenset(map(pair.canon.folded, index.columns)) if index is not None and index.unique else frozenset()


def _demands(pair: "TablePair", both: "Paired[Index]") -> bool:
    """Return whether rows that were allowed are refused."""
    old, new = _folded(pair, both.old), _folded(pair, both.new)
    has_grown = both.old is not None and both.new is not None and bool(both.old.where) and not both.new.where
    return bool(new) and (not old or not old <= new or has_grown)


def _relaxes(pair: "TablePair", both: "Paired[Index]") -> bool:
    """Return whether rows that were refused are allowed."""
    old, new = _folded(pair, both.old), _folded(pair, both.new)
    has_shrunk = both.old is not None and both.new is not None and bool(both.new.where) and not both.old.where
    return bool(old) and (not new or not new <= old or has_shrunk)


def _begins(pair: "TablePair", index: "Index") -> bool:
    """Return whether another index begins with the columns of one."""
    orders = [pair.new.key, *(one.columns for one in pair.new.indexes if one.is_plain and not one.where)]
    return index.is_plain and any(columns[: len(index.columns)] == index.columns for columns in orders)
