"""The reader of a column's type: what it means, and what its own brackets say."""

from mallgen.tables.catalog import MadeType
from mallgen.tables.cursor import Cursor
from mallgen.tables.guess import guess
from mallgen.tables.model import UNTOLD, Base, ColumnType, Dialect
from mallgen.tables.scan import DdlToken
from mallgen.tables.type_words import TYPES, UNMODELLED
from mallgen.text.span import Span

_LENGTHS = {"CHAR": 255, "CHARACTER": 255, "NCHAR": 255, "BINARY": 255, "VARCHAR": 65535, "VARBINARY": 65535, "BIT": 64}
_NEEDS_LENGTH = frozenset(("VARCHAR", "CHARACTER VARYING", "NVARCHAR", "VARBINARY", "VARCHARACTER"))


def read_type(cursor: Cursor, made: dict[str, MadeType]) -> ColumnType:
    """Read a type; `made` are those of CREATE TYPE and CREATE DOMAIN. What cannot be told is text, with a finding."""
    first, start = cursor.now, cursor.at
    word = _words(cursor, made)
    if not word:
        if cursor.dialect is Dialect.SQLITE:
            what = "this column has no type"
            cursor.report("ddl-unknown-type", what, cursor.span(cursor.before), "write one, such as `text`")
            return ColumnType(Base.BYTES, "")
        cursor.fail("a column's name is followed by its type", "write its type, such as `bigint` or `varchar(64)`")
    numbers, values = _brackets(cursor)
    last = cursor.at
    found = _told(cursor, word, made)
    if found is None:
        found = _unknown(cursor, word, cursor.places.span(first.start, cursor.before.end), word in made)
    span = cursor.span(first, cursor.before)
    found = _bounded(cursor, word, found, numbers, values, span)
    found = _suffixes(cursor, word, found)
    spelt = " ".join(cursor.source(start, max(last, cursor.at)).split())
    return _array(cursor, found._replace(spelt=spelt[:200]))


def _told(cursor: Cursor, word: str, made: dict[str, MadeType]) -> ColumnType | None:
    if word in made:
        return made[word].type
    found = TYPES[cursor.dialect].get(word)
    if found is None and cursor.dialect is Dialect.SQLITE:
        return _affinity(word)
    return found


def _words(cursor: Cursor, made: dict[str, MadeType]) -> str:
    """Take the words of a type's name: `DOUBLE PRECISION`, `TIMESTAMP WITH TIME ZONE`, `public.mood`."""
    if cursor.now.kind == "name" and cursor.dialect is not Dialect.MYSQL:
        word = cursor.take().text
    elif cursor.now.kind == "word" and cursor.now.upper not in _NO_TYPE:
        word = cursor.take().upper
    else:
        return ""
    while cursor.dialect is Dialect.POSTGRES and cursor.accept("."):
        token = cursor.take()
        word = token.text if token.kind == "name" else token.upper
    if word.lower() in made:
        return word.lower()
    return _longer(cursor, word.upper())


def _longer(cursor: Cursor, word: str) -> str:
    if cursor.dialect is Dialect.SQLITE:
        while cursor.now.kind == "word" and cursor.now.upper not in _NO_TYPE:
            word += " " + cursor.take().upper
        return word
    known = TYPES[cursor.dialect]
    while (cursor.now.kind == "word" and f"{word} {cursor.now.upper}" in known) or _national(cursor, word):
        word += " " + cursor.take().upper
    return word


def _national(cursor: Cursor, word: str) -> bool:
    return word in ("NATIONAL", "LONG") and cursor.now.upper in ("CHAR", "CHARACTER", "VARCHAR", "VARBINARY")


_NO_TYPE = frozenset(
    "NOT NULL DEFAULT PRIMARY UNIQUE KEY CHECK REFERENCES CONSTRAINT COLLATE GENERATED COMMENT AUTO_INCREMENT "
    "AUTOINCREMENT AS ON".split()
)


def _brackets(cursor: Cursor) -> tuple[list[int], tuple[str, ...] | None]:
    """Take `(10, 2)` as numbers, or `('a', 'b')` as values."""
    if cursor.now.upper != "(":
        return [], None
    first, last = cursor.skip_group()
    inside = cursor.tokens[first:last]
    if any(token.kind == "text" for token in inside):
        return [], tuple(token.text for token in inside if token.kind == "text")
    numbers = [int(one.text) for one in inside if one.kind == "number" and one.text.isdecimal() and len(one.text) < 12]
    commas = sum(token.upper == "," for token in inside)
    if len(numbers) != commas + 1 or len(inside) != 2 * commas + 1:
        place = cursor.span(inside[0], inside[-1]) if inside else cursor.span(cursor.before)
        shown = f"`{cursor.source(first, last)[:40]}`" if inside else "nothing"
        message = f"{shown} cannot stand between the brackets of a type: numbers may"
        cursor.report("ddl-syntax", message, place, "write a length, such as `(64)`")
    return numbers, None


def _unknown(cursor: Cursor, word: str, span: Span, is_made: bool) -> ColumnType:
    known = TYPES[cursor.dialect]
    if is_made or word in UNMODELLED[cursor.dialect]:
        message = f"`{word.lower()}` has no counterpart in a model"
        hint = "store text or bytes, or choose other tables: `only` in mallgen.toml, --table"
        cursor.report("ddl-unmodelled-type", message, span, hint, "unfit")
        return UNTOLD
    named = f"`{word.lower()[:40]}` is no type of {cursor.dialect.title}"
    near = guess(cursor.found, word.lower(), map(str.lower, known))
    cursor.report("ddl-unknown-type", named, span, near or "write a type that the database has")
    return UNTOLD


def _affinity(word: str) -> ColumnType | None:
    """Return the type that SQLite's rules of affinity give to a name it does not know; None for its NUMERIC."""
    for part, base in (("INT", Base.INT), ("CHAR", Base.TEXT), ("CLOB", Base.TEXT), ("TEXT", Base.TEXT)):
        if part in word:
            return ColumnType(base, "", 64 if base is Base.INT else 0)
    if "BLOB" in word:
        return ColumnType(Base.BYTES, "")
    if any(part in word for part in ("REAL", "FLOA", "DOUB")):
        return ColumnType(Base.FLOAT, "", 64)
    return None


def _bounded(
    cursor: Cursor, word: str, found: ColumnType, numbers: list[int], values: tuple[str, ...] | None, span: Span
) -> ColumnType:
    """Return the type with the length, digits or values of its brackets."""
    mysql = cursor.dialect is Dialect.MYSQL
    if found.base in (Base.ENUM, Base.SET) and mysql:
        return _with_values(cursor, found, values or (), span)
    if not numbers:
        if mysql and word in _NEEDS_LENGTH:
            message = f"`{word.lower()}` has no length"
            cursor.report("ddl-syntax", message, span, f"write `{word.lower()}(255)`, or the most that it may hold")
        return found
    first, second = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if mysql and first > _LENGTHS.get(word, first):
        message = f"`{word.lower()}` holds at most {_LENGTHS[word]}, not {first}"
        hint = "write `text` or `blob`" if word != "BIT" else "write a smaller number"
        cursor.report("ddl-bad-length", message, span, hint)
    if found.base in (Base.TEXT, Base.BYTES):
        fixed = found.fixed or word == "BPCHAR"  # without a length it is a text as any other
        return found._replace(length=_blob_length(word, first) if mysql else first, fixed=fixed)
    if found.base is Base.DECIMAL:
        return _digits(cursor, found, first, second, span)
    return _sized(cursor, word, found, first, span)


def _sized(cursor: Cursor, word: str, found: ColumnType, first: int, span: Span) -> ColumnType:
    if found.base in (Base.DATETIME, Base.TIME):
        if first > 6:
            message = f"`{word.lower()}` has at most 6 fractional digits, not {first}"
            cursor.report("ddl-bad-length", message, span, "write 6 or less")
        return found._replace(scale=min(first, 6))
    if found.base in (Base.BITS, Base.BIT_STRING):
        return found._replace(bits=first)
    if found.base is Base.FLOAT and word == "FLOAT":
        return found._replace(bits=64 if first > 24 or cursor.dialect is Dialect.SQLITE else 32)
    if word == "TINYINT" and first == 1 and cursor.dialect is Dialect.MYSQL:
        return found._replace(bool_like=True)
    return found


def _digits(cursor: Cursor, found: ColumnType, precision: int, scale: int, span: Span) -> ColumnType:
    mysql = cursor.dialect is Dialect.MYSQL
    if scale > precision or (mysql and (precision > 65 or scale > 30)):
        message = f"a decimal of {precision} digits with {scale} behind the point cannot be stored"
        cursor.report("ddl-bad-length", message, span, "at most 65 digits, at most 30 of them behind the point")
    return found._replace(precision=precision, scale=scale)


def _blob_length(word: str, asked: int) -> int:
    """Return the length of `text(1000)`, which becomes the smallest type of its kind."""
    if word not in ("TEXT", "BLOB"):
        return asked
    size = asked * 4 if word == "TEXT" else asked  # of utf8mb4
    return next((most for most in (255, 65535, 16_777_215) if size <= most), 0)


def _with_values(cursor: Cursor, found: ColumnType, values: tuple[str, ...], span: Span) -> ColumnType:
    folded = [value.rstrip(" ").casefold() for value in values]
    twice = {value for at, value in enumerate(folded) if value in set(folded[:at])} if len(values) < 200 else set()
    if not values:
        cursor.report("ddl-syntax", "this type has no values", span, "list them: `enum('new', 'paid')`")
    elif twice:
        cursor.report("ddl-syntax", f"the value `{min(twice)[:40]}` is there twice", span, "delete one")
    if found.base is Base.SET and any("," in value for value in values):
        cursor.report("ddl-syntax", "a value of a set has a comma, which parts values", span, "choose another sign")
    return found._replace(values=tuple(value.rstrip(" ") for value in values))  # as MySQL keeps them


def _suffixes(cursor: Cursor, word: str, found: ColumnType) -> ColumnType:
    """Take what follows a type in MySQL (UNSIGNED, CHARACTER SET) and in PostgreSQL (WITH TIME ZONE)."""
    if cursor.dialect is Dialect.POSTGRES:
        if found.base in (Base.TIME, Base.DATETIME):
            if cursor.accept("WITH", "TIME", "ZONE"):
                return found._replace(zoned=True)
            cursor.accept("WITHOUT", "TIME", "ZONE")
        return found
    while sign := cursor.accept_any("UNSIGNED", "SIGNED", "ZEROFILL", "PRECISION"):
        if sign in ("UNSIGNED", "ZEROFILL") and found.base in (Base.INT, Base.DECIMAL, Base.FLOAT):
            found = found._replace(unsigned=True)
        elif sign == "UNSIGNED":
            message = f"`{word.lower()}` knows no UNSIGNED"
            cursor.report("ddl-syntax", message, cursor.span(cursor.before), "delete it: only numbers have a sign")
    if cursor.accept("BINARY") and found.base is not Base.TEXT:
        cursor.report("ddl-syntax", "BINARY is for texts", cursor.span(cursor.before), "delete it")
    return found


def _array(cursor: Cursor, found: ColumnType) -> ColumnType:
    """Take PostgreSQL's `[]`, `[3]` and `ARRAY` behind the type of elements."""
    if cursor.dialect is not Dialect.POSTGRES:
        return found
    count = 1 if cursor.accept("ARRAY") else 0
    while cursor.accept("["):
        cursor.number()
        cursor.expect("]", "an array's `[`")
        count += 1
    if not count:
        return found
    return ColumnType(Base.ARRAY, f"{found.spelt}[]", item=found)


def type_token_follows(token: DdlToken, dialect: Dialect) -> bool:
    """Tell a word that begins a type: used to see that a comma is missing in front of a column."""
    return token.kind == "word" and (token.upper in TYPES[dialect] or token.upper in UNMODELLED[dialect])
