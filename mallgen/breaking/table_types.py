"""Rules about the types of columns: their range, their values, their character sets."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, table_rule
from mallgen.breaking.phases import AFTER, BEFORE, Phase, releases
from mallgen.breaking.table_kinds import NARROWED, RETYPED, VALUES, WIDENED, charset_holds, nature
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.breaking.tables import TablePair, TablesChange
    from mallgen.tables.model import Column

_NARROW = releases(
    "code that writes only values that fit; then mend the rows that do not",
    "run the migration, when that code is rolled out everywhere",
)


@table_rule("column-narrowed", ERROR, BEHAVIOUR)
def column_narrowed(change: "TablesChange") -> Iterator[Finding]:
    """A column takes fewer values: rows that do not fit stop the migration or are cut, and old code writes more.

    Release code that writes only what fits, look for rows that do not, and change the type then.
    """
    for pair, old, new in _types(change, NARROWED):
        message = f"`{pair.name}.{new.name}` was {old.type.spelt} and is {new.type.spelt}: fewer values fit"
        yield pair.altered(message, f"keep {old.type.spelt}, and check new values in the code", _NARROW, old, new)


@table_rule("column-type-changed", ERROR, BEHAVIOUR)
def column_type_changed(change: "TablesChange") -> Iterator[Finding]:
    """A column has a type of another nature: the code that still runs writes and reads values of the old one.

    A number that becomes a text, a time that gets a zone, MySQL's tinyint(1) that becomes a number: the attribute of
    the generated row has another type in Python. A new column beside the old one suits both.
    """
    for pair, old, new in _types(change, RETYPED):
        steps = (
            f"add a column of the new type beside `{new.name}`, write both and read `{new.name}`; fill the rows",
            f"read the new column alone; drop `{new.name}` when that is rolled out everywhere",
        )
        message = f"`{pair.name}.{new.name}` was {old.type.spelt} and is {new.type.spelt}"
        yield pair.altered(message, "add a column of the new type beside it", releases(*steps), old, new)


@table_rule("column-widened", INFO, BEHAVIOUR)
def column_widened(change: "TablesChange") -> Iterator[Finding]:
    """A column takes more values: the migration runs before the code that writes them.

    The code that still runs reads them too: a text is longer, a number larger than it has seen.
    """
    for pair, old, new in _types(change, WIDENED):
        message = f"`{pair.name}.{new.name}` was {old.type.spelt} and is {new.type.spelt}: more values fit"
        yield pair.altered(message, "", BEFORE, old, new)


@table_rule("column-enum-value-removed", ERROR, BEHAVIOUR)
def column_enum_value_removed(change: "TablesChange") -> Iterator[Finding]:
    """An enum or set has lost a value: rows that have it stop the migration, and old code writes more of them.

    Release code that does not write the value, change the rows that have it, and remove it then. A value that has
    another name is one that goes and one that comes: both names stand beside each other for a while.
    """
    for pair, old, new in _types(change, VALUES):
        gone = [value for value in old.type.values if value not in new.type.values]
        if gone:
            other = _renamed(old, new)
            what = f"the value `{gone[0]}` is named `{other}` now" if other else f"lost {_listed(gone)}"
            message = f"`{pair.name}.{new.name}`: {what}" if other else f"`{pair.name}.{new.name}` {what}"
            hint = (
                f"keep `{gone[0]}` beside `{other}` until no code and no row has it"
                if other
                else "keep the value, and write it no more"
            )
            yield pair.altered(message, hint, _NARROW, old, new)


@table_rule("column-enum-value-added", WARNING, BEHAVIOUR)
def column_enum_value_added(change: "TablesChange") -> Iterator[Finding]:
    """An enum or set has one more value, which the code that still runs does not know when it reads it.

    The migration comes first, then code that reads the value, then the code that writes it.
    """
    for pair, old, new in _types(change, VALUES):
        more = [value for value in new.type.values if value not in old.type.values]
        if more and not _renamed(old, new):
            steps = (
                "run the migration, and roll out code that reads the value and does not write it",
                "code that writes the value",
            )
            message = f"`{pair.name}.{new.name}` has {_listed(more)} more"
            hint = "write it only when all code that is running can read it"
            yield pair.altered(message, hint, releases(*steps), old, new)


@table_rule("column-enum-reordered", WARNING, BEHAVIOUR)
def column_enum_reordered(change: "TablesChange") -> Iterator[Finding]:
    """The values of an enum have another order, by which the database sorts and compares them.

    Lists come in another order, in MySQL all rows are written anew. Add new values at the end.
    """
    for pair, old, new in _types(change, VALUES):
        before = [value for value in old.type.values if value in new.type.values]
        after = [value for value in new.type.values if value in old.type.values]
        if before != after:
            message = f"the values of `{pair.name}.{new.name}` have another order"
            yield pair.altered(message, "keep the order, new values at the end", BEFORE, old, new)


@table_rule("column-domain-changed", ERROR, BEHAVIOUR)
def column_domain_changed(change: "TablesChange") -> Iterator[Finding]:
    """A domain of PostgreSQL has another type, CHECK or NOT NULL, and so have all columns of it.

    Rows against it stop the migration (or stay, if it is NOT VALID), and the code that still runs may write more of
    them. mallgen model migrate writes no ALTER DOMAIN: make a domain of another name, and change columns to it.
    """
    for pair in change.tables:
        canon = pair.canon
        before = {canon.folded(column.name): column for column in pair.old.columns}
        for new in pair.new.columns:
            old = before.get(canon.folded(new.name), new)
            was, now = (one.type.item or one.type for one in (old, new))
            if was.made == now.made and was.domain and canon.domain(was.domain) != canon.domain(now.domain):
                message = f"the domain `{now.made}` of `{pair.name}.{new.name}` is another one"
                hint = "make a domain of another name, and change the columns when all rows fit"
                found = pair.finding(message, hint, _NARROW, span=new.span, was=old.span)
                yield found._replace(key=now.made)


@table_rule("column-charset-changed", ERROR, BEHAVIOUR)
def column_charset_changed(change: "TablesChange") -> Iterator[Finding]:
    """A column has another character set: characters that the new one lacks are refused, or become `?`.

    To utf8mb4 every text fits: that is a warning, since the table is written anew, joins with columns of the old
    set find no index, and an index key has up to four bytes per character.
    """
    for pair, old, new, sets in _charsets(change):
        if sets[0][0] != sets[1][0]:
            holds, phase = charset_holds(*sets)
            message = f"`{pair.name}.{new.name}` was {_told(sets[0][0])} and is {_told(sets[1][0])}"
            hint = (
                "change all columns that are joined with it too" if holds else "use utf8mb4, which has all characters"
            )
            found = pair.altered(message, hint, phase, old, new)
            yield found._replace(severity=WARNING if holds else ERROR)


@table_rule("column-collation-changed", WARNING, BEHAVIOUR)
def column_collation_changed(change: "TablesChange") -> Iterator[Finding]:
    """A column has another collation: which texts are equal, and how they are sorted, is another question now.

    A unique index may find two rows alike that were not, and stops the migration. Texts in joins with a column of
    another collation find no index, or are refused.
    """
    for pair, old, new, sets in _charsets(change):
        if sets[0][0] == sets[1][0]:
            message = f"`{pair.name}.{new.name}` was collated by {_told(sets[0][1])} and is by {_told(sets[1][1])}"
            hint = "look for texts that are equal now; change the columns that are joined with it too"
            yield pair.altered(message, hint, AFTER, old, new)


@table_rule("table-charset-changed", ERROR, BEHAVIOUR)
def table_charset_changed(change: "TablesChange") -> Iterator[Finding]:
    """A table has another character set, and so have its columns: what the new one lacks is refused or becomes `?`.

    To utf8mb4 every text fits: that is a warning, since the table is written anew, joins with columns of the old
    set find no index, and an index key has up to four bytes per character.
    """
    for pair in change.tables:
        sets = pair.canon.table_charset(pair.old), pair.canon.table_charset(pair.new)
        if pair.change.new_charset and sets[0][0] != sets[1][0]:
            holds, phase = charset_holds(*sets)
            message = f"`{pair.name}` was {_told(sets[0][0])} and is {_told(sets[1][0])}"
            hint = "change the tables that are joined with it too" if holds else "use utf8mb4, which has all characters"
            yield _of_table(pair, message, hint, phase)._replace(severity=WARNING if holds else ERROR)


@table_rule("table-collation-changed", WARNING, BEHAVIOUR)
def table_collation_changed(change: "TablesChange") -> Iterator[Finding]:
    """A table has another collation, and so have its columns: other texts are equal, and sorted in another order.

    A unique index may find two rows alike that were not, and stops the migration. Texts in joins with a table of
    another collation find no index, or are refused.
    """
    for pair in change.tables:
        sets = pair.canon.table_charset(pair.old), pair.canon.table_charset(pair.new)
        if pair.change.new_charset and sets[0][0] == sets[1][0]:
            message = f"`{pair.name}` was collated by {_told(sets[0][1])} and is by {_told(sets[1][1])}"
            hint = "look for texts that are equal now; change the tables that are joined with it too"
            yield _of_table(pair, message, hint, AFTER)


def _of_table(pair: "TablePair", message: str, hint: str, phase: Phase) -> Finding:
    changed = tuple((old, new) for old, new in pair.change.changed if _is_inherited(pair, old, new))
    return pair.finding(message, hint, phase, was=pair.old.span, new_charset=True, changed=changed)


def _types(change: "TablesChange", what: str) -> "Iterator[tuple[TablePair, Column, Column]]":
    """Yield the columns whose type has changed in a way, the new one with nothing else changed."""
    for pair in change.tables:
        for old, new in pair.change.changed:
            if nature(pair.canon, old.type, new.type) == what:
                yield pair, old, old._replace(type=new.type, span=new.span)


def _charsets(
    change: "TablesChange",
) -> "Iterator[tuple[TablePair, Column, Column, tuple[tuple[str, str], tuple[str, str]]]]":
    """Yield the columns whose character set or collation has changed, and not with that of their table."""
    for pair in change.tables:
        canon = pair.canon
        for old, new in pair.change.changed:
            sets = canon.charset(pair.old, old), canon.charset(pair.new, new)
            is_other = nature(canon, old.type, new.type) == RETYPED
            if canon.told_apart(*sets) and not is_other and not _is_inherited(pair, old, new):
                yield pair, old, old._replace(charset=new.charset, collation=new.collation, span=new.span), sets


def _is_inherited(pair: "TablePair", old: "Column", new: "Column") -> bool:
    canon = pair.canon
    before = canon.charset(pair.old, old) == canon.table_charset(pair.old)
    return pair.change.new_charset and before and canon.charset(pair.new, new) == canon.table_charset(pair.new)


def _renamed(old: "Column", new: "Column") -> str:
    """Return the value that stands in the place of the only one that is gone, empty where there is none."""
    if len(old.type.values) != len(new.type.values):
        return ""
    others = [after for before, after in zip(old.type.values, new.type.values, strict=True) if before != after]
    return others[0] if len(others) == 1 else ""


def _listed(values: list[str]) -> str:
    return ("the value " if len(values) == 1 else "the values ") + ", ".join(f"`{value}`" for value in values)


def _told(name: str) -> str:
    return name or "the database's own"
