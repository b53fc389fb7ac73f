"""Rules about single columns: their types, and what they hold by their names."""

import re
from collections.abc import Iterator

from mallgen.diagnostics import Note
from mallgen.lint.fields import MONEY, SHARES
from mallgen.lint.scope import words
from mallgen.rules import Finding
from mallgen.tablerules import rule
from mallgen.tablerules.scope import TableScope
from mallgen.tables.model import Base, Column, ColumnType, Dialect, Table

_PASSWORDS = ("password", "passwd", "pwd")  # also at the end of a word: `loginpwd`
_SUMS = ("price", "amount", "money", "payment", "balance", "salary")
_SUM_SAID = re.compile("价格|金额|单价|总价|售价|余额|费用|运费|佣金|工资|押金")
_HASHED = 60  # characters of bcrypt's text, the shortest of the hashes made for passwords; argon2's has 97
_WEAK = re.compile(r"\bmd5\b|(?<![a-z])md5|\bsha-?1\b|\bsha-?256\b|明文|\bplain", re.I)
_MOMENT = re.compile(r"(?:^|_)(?:time|at|timestamp)$|time$", re.I)
_LENGTHS = frozenset(("duration", "elapsed", "run", "cost", "total", "used", "spent", "wait", "timeout", "interval"))


@rule("money-column-as-float")
def money_column_as_float(scope: TableScope) -> Iterator[Finding]:
    """An amount of money is a floating-point column, which cannot hold 0.1: sums are off by a cent sooner or later.

    Use a decimal with the digits of the currency:

        price decimal(20, 2) NOT NULL
    """
    for _, column in scope.columns():
        name = {word.removesuffix("s") for word in words(column.name)}
        is_sum = name & MONEY or any(word.endswith(_SUMS) for word in name) or _SUM_SAID.search(column.comment)
        if column.type.base is Base.FLOAT and is_sum and not name & SHARES:
            message = f"`{column.name}` is money in a {column.type.spelt}"
            yield Finding(message, column.span, "use decimal(20, 2), or whole cents in a bigint")


@rule("password-column")
def password_column(scope: TableScope) -> Iterator[Finding]:
    """A password is stored as it is, or as a hash that was not made for passwords.

    A varchar(50) holds neither bcrypt (60 characters) nor argon2 (97), and MD5 and SHA can be reversed with tables and
    graphics cards. Store what a library for passwords returns:

        password varchar(128) NOT NULL COMMENT 'argon2'

    A column whose name or comment says MD5, SHA-1, SHA-256 or plain text is reported whatever its length.
    """
    for _, column in scope.columns():
        name = words(column.name)
        if column.type.base not in (Base.TEXT, Base.BYTES) or not any(map(_is_password, name)):
            continue
        said = _WEAK.search(f"{' '.join(name)} {column.comment}")
        hint = "store argon2 or bcrypt in varchar(128)"
        if said is not None:
            what = "as it is" if said[0] == "明文" or said[0].lower() == "plain" else f"as {said[0].upper()}"
            yield Finding(f"`{column.name}` is stored {what}, by its name or comment", column.span, hint)
        elif (
            column.type.base is Base.TEXT
            and 0 < column.type.length < _HASHED
            and (_is_password(name[-1]) or "hash" in name)
        ):
            message = f"`{column.name}` has {column.type.length} characters, too few for a hash made for passwords"
            yield Finding(message, column.span, hint)


def _is_password(word: str) -> bool:
    """Return whether a word of a name is one for passwords; behind it others follow in `password_hint`, `pwd_type`."""
    return word == "pass" or word.endswith(_PASSWORDS)


@rule("timestamp-2038")
def timestamp_2038(scope: TableScope) -> Iterator[Finding]:
    """A column's times end on 19 January 2038: it is a TIMESTAMP of MySQL, or has seconds in an int of 32 bits.

    MySQL's DATETIME reaches to the year 9999; seconds need a bigint. A TIMESTAMP is an instant, while a DATETIME has no
    time zone: write UTC into it.

        create_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP
    """
    for table, column in scope.columns():
        kind = column.type
        if table.dialect is Dialect.MYSQL and kind.base is Base.DATETIME and kind.zoned:
            yield Finding(f"`{column.name}` is a timestamp, which ends in 2038", column.span, "use datetime, in UTC")
        elif kind.base is Base.INT and kind.bits == 32 and _is_moment(column):
            message = f"`{column.name}` counts seconds in {kind.spelt}, which ends in {2106 if kind.unsigned else 2038}"
            yield Finding(message, column.span, "use bigint, or datetime")


def _is_moment(column: Column) -> bool:
    """Return whether a whole number is a time in seconds by its name: `create_time`, not `run_time` or `times`."""
    return bool(_MOMENT.search(column.name)) and not _LENGTHS & set(words(column.name))


@rule("ids-differ")
def ids_differ(scope: TableScope) -> Iterator[Finding]:
    """A column with an id has another type than the id that it refers to.

    The larger values of the wider one do not fit into the narrower one, and a join of unlike types may use no index.
    Columns that are named `userid` or `user_id` hold the id of the table `user` or `users`, also of one in another
    database; a column with a foreign key may have any name.

        userid bigint unsigned NOT NULL   -- as user.id
    """
    for table, column, other in _joined(scope):
        if _differ(column.type, other.type):
            message = f"`{table.name}.{column.name}` is {column.type.spelt}, the id that it holds {other.type.spelt}"
            yield Finding(message, column.span, f"make it {other.type.spelt} too", (Note(other.span, "this id"),))


def _joined(scope: TableScope) -> Iterator[tuple[Table, Column, Column]]:
    """Yield columns with the ids that they hold, by foreign keys first."""
    for table in scope.tables:
        told: set[str] = set()
        for reference in table.foreign_keys:
            target = scope.target(reference.target_database or table.database, reference.target, table.dialect)
            if target is None:
                continue
            for name, there in zip(reference.columns, reference.target_columns or target.key, strict=False):
                column, other = scope.column(table, name), scope.column(target, there)
                if column is not None and other is not None:
                    told.add(name.lower())
                    yield table, column, other
        for column in table.columns:
            held = scope.referred(table, column) if column.name.lower() not in told else None
            if held is not None:
                yield table, column, held


def _differ(here: ColumnType, there: ColumnType) -> bool:
    if here.base is not there.base:
        return {here.base, there.base} <= {Base.INT, Base.TEXT, Base.DECIMAL, Base.FLOAT, Base.UUID}
    if here.base is Base.INT:
        return (here.bits, here.unsigned) != (there.bits, there.unsigned)
    return here.base is Base.TEXT and here.length != there.length
