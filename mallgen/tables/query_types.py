"""The types of a query's expressions: those that all versions of a database agree on, None for all others."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mallgen.tables.cursor import Cursor
from mallgen.tables.model import Base, ColumnType, Dialect

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


class Told(NamedTuple):
    """The type of an expression, None where it cannot be told for a `reason`."""

    type: ColumnType | None
    nullable: bool = True
    reason: str = ""
    comment: str = ""


_BIGINT, _TEXT = ColumnType(Base.INT, "bigint", 64), ColumnType(Base.TEXT, "text")
_INT, _DOUBLE = ColumnType(Base.INT, "int", 32), ColumnType(Base.FLOAT, "double precision", 64)
_BOOL, _DATE, _JSON = ColumnType(Base.BOOL, "boolean", 8), ColumnType(Base.DATE, "date"), ColumnType(Base.JSON, "json")
_BYTES, _UUID = ColumnType(Base.BYTES, "blob"), ColumnType(Base.UUID, "uuid")
_COUNTS = frozenset("count countif approxdistinct rownumber rank denserank ntile".split())
_TEXTS = frozenset(
    "concat concatws upper lower substring substringindex trim groupconcat stringagg replace left right lpad rpad pad "
    "dpipe repeat reverse hex timetostr jsonextractscalar jsonbextractscalar md5 sha sha2 initcap".split()
)
_TRUTHS = frozenset(
    "eq neq lt lte gt gte and or not is in exists like ilike between nullsafeeq regexplike xor any all".split()
)
_SAME = frozenset(
    "paren nullif max min anyvalue abs lag lead firstvalue lastvalue nthvalue distinct collate filter".split()
)
_PARTS = frozenset(
    "year month day hour minute second dayofmonth dayofweek dayofyear week quarter length datediff".split()
)
_DATES = frozenset("tsordstodate date currentdate".split())
_CASTS = {
    "BIGINT": _BIGINT,
    "UBIGINT": _BIGINT._replace(unsigned=True, spelt="bigint unsigned"),
    "INT": _INT,
    "SMALLINT": ColumnType(Base.INT, "smallint", 16),
    "DOUBLE": _DOUBLE,
    "FLOAT": ColumnType(Base.FLOAT, "real", 32),
    "TEXT": _TEXT,
    "DATE": _DATE,
    "JSON": _JSON,
    "JSONB": _JSON._replace(spelt="jsonb"),
    "BOOLEAN": _BOOL,
    "UUID": _UUID,
}
_LENGTHS = {"CHAR": _TEXT, "VARCHAR": _TEXT, "NCHAR": _TEXT, "NVARCHAR": _TEXT, "BINARY": _BYTES, "VARBINARY": _BYTES}
_TIMES = {
    "DATETIME": ColumnType(Base.DATETIME, "datetime"),
    "TIMESTAMP": ColumnType(Base.DATETIME, "timestamp"),
    "TIMESTAMPTZ": ColumnType(Base.DATETIME, "timestamptz", zoned=True),
    "TIMESTAMPNTZ": ColumnType(Base.DATETIME, "timestamp"),
    "TIME": ColumnType(Base.TIME, "time"),
}

_LOSSY = (Base.DATE, Base.DATETIME, Base.TIME, Base.JSON, Base.TEXT, Base.BYTES)
_NULLING = ("max", "min", "lag", "lead", "nullif")
_ANONYMOUS = {  # functions that sqlglot keeps as they are
    "NOW": Told(_TIMES["DATETIME"], False),
    "SYSDATE": Told(_TIMES["DATETIME"], False),
    "CHAR_LENGTH": Told(_INT),
    "JSON_UNQUOTE": Told(_TEXT),
}


class ExpressionTypes:
    """Tells types; `column` answers for columns, `scalar` for queries that stand as a value."""

    def __init__(self, cursor: Cursor, column: "Callable[[Expr], Told]", scalar: "Callable[[Expr], Told]") -> None:
        self._dialect, self._column, self._scalar = cursor.dialect, column, scalar

    def told(self, node: "Expr") -> Told:
        """Return the type of an expression."""
        key = node.key
        if key == "column":
            return self._column(node)
        if key == "subquery":
            return self._scalar(node)
        if key in ("cast", "trycast"):
            return self._cast(node)
        if key == "literal":
            return self._literal(node)
        if key in _SAME:
            inner = self.told(node.this)
            return inner._replace(nullable=inner.nullable or key in _NULLING, comment="")
        if key == "window":
            return self.told(node.this)
        return self._function(node)

    def _function(self, node: "Expr") -> Told:
        key = node.key
        if key in _COUNTS:
            return Told(_BIGINT, False)
        if key == "neg":
            inner = self.told(node.this)
            is_whole = inner.type is not None and inner.type.base is Base.INT
            return inner._replace(type=_BIGINT if is_whole else inner.type, comment="")
        if key in _TEXTS:
            too_long = self._dialect is Dialect.MYSQL  # which makes NULL of it
            return Told(_TEXT, too_long or self._any_null(node))
        if key in _TRUTHS or key == "boolean":
            kind = _BOOL if self._dialect is not Dialect.MYSQL else _INT
            return Told(kind, key not in ("is", "exists", "boolean", "nullsafeeq") and self._any_null(node))
        if key in _PARTS:
            return Told(_INT if self._dialect is not Dialect.POSTGRES or key == "length" else None, True)
        if key in _DATES:
            return Told(_DATE, key != "currentdate")
        if key == "currenttimestamp":
            zoned = self._dialect is Dialect.POSTGRES
            return Told(_TIMES["TIMESTAMPTZ" if zoned else "DATETIME"], False)
        if key in ("sum", "avg"):
            return self._total(node)
        if key in ("greatest", "least"):
            return self._first_of([node.this, *node.expressions], all_null=False)
        if key == "anonymous":
            return _ANONYMOUS.get(node.name.upper(), Told(None))
        if key == "coalesce":
            return self._first_of([node.this, *node.expressions], all_null=True)
        if key in ("case", "if"):
            return self._branches(node)
        if key in ("add", "sub", "mul", "mod", "div", "intdiv"):
            return self._arithmetic(node)
        return Told(None)

    def _any_null(self, node: "Expr") -> bool:
        return any(self.told(one).nullable for one in _children(node))

    def _cast(self, node: "Expr") -> Told:
        to = node.args["to"]
        word = str(to.this.value if hasattr(to.this, "value") else to.this)
        numbers = [int(one.name) for one in to.expressions if one.name.isdigit() and len(one.name) < 10]
        nullable = self.told(node.this).nullable
        kind = _CASTS.get(word)
        if word in _LENGTHS:
            kind = _LENGTHS[word]._replace(length=numbers[0] if numbers else 0)
        elif word in _TIMES:
            digits = numbers[0] if numbers else 6 if self._dialect is Dialect.POSTGRES else 0
            kind = _TIMES[word]._replace(scale=min(digits, 6))
        elif word == "DECIMAL":
            default = [10, 0] if self._dialect is Dialect.MYSQL else [0, 0]
            precision, scale = (*numbers, *default[len(numbers) :])[:2]
            kind = ColumnType(Base.DECIMAL, f"decimal({precision},{scale})", precision=precision, scale=scale)
        if kind is not None and self._dialect is Dialect.MYSQL and kind.base in _LOSSY:
            nullable = True  # NULL is what MySQL makes of a value that does not fit
        return Told(kind, nullable, "" if kind is not None else f": CAST to {word.lower()} is not known")

    def _literal(self, node: "Expr") -> Told:
        if node.args.get("is_string"):
            return Told(_TEXT, False)
        if "." not in node.name and "e" not in node.name.lower():
            return Told(_BIGINT if len(node.name) > 9 else _INT, False)
        return Told(ColumnType(Base.DECIMAL, "decimal"), False)

    def _total(self, node: "Expr") -> Told:
        """Return the type of SUM and AVG, which are NULL for no rows."""
        inner = self.told(node.this).type
        if inner is None or inner.base not in (Base.INT, Base.DECIMAL, Base.FLOAT, Base.BOOL, Base.YEAR):
            return Told(None)
        if inner.base is Base.FLOAT or self._dialect is Dialect.SQLITE:
            is_whole = inner.base is Base.INT and node.key == "sum"
            return Told(_BIGINT if is_whole else inner if inner.base is Base.DECIMAL else _DOUBLE)
        if self._dialect is Dialect.POSTGRES:
            small = inner.base is Base.INT and inner.bits <= 32 and node.key == "sum"
            return Told(_BIGINT if small else ColumnType(Base.DECIMAL, "numeric"))
        scale = inner.scale + (4 if node.key == "avg" else 0)
        digits = min(65, max(inner.precision, 19) + 22)
        return Told(ColumnType(Base.DECIMAL, f"decimal({digits},{scale})", precision=digits, scale=min(scale, 30)))

    def _first_of(self, nodes: "Sequence[Expr]", *, all_null: bool) -> Told:
        """Return the common type of alternatives: that of all, a wider one of numbers."""
        told = [self.told(one) for one in nodes if one is not None and one.key != "null"]
        types = [one.type for one in told]
        nulls = [one.nullable for one in told]
        nullable = all(nulls) if all_null else any(nulls) or any(one.key == "null" for one in nodes)
        if not types or any(one is None for one in types):
            return Told(None, nullable)
        known = [one for one in types if one is not None]
        return Told(common(known), nullable)

    def _branches(self, node: "Expr") -> Told:
        if node.key == "if":
            results = [node.args.get("true"), node.args.get("false")]
        else:
            results = [one.args.get("true") for one in node.args.get("ifs") or ()] + [node.args.get("default")]
        told = self._first_of([one for one in results if one is not None], all_null=False)
        return told._replace(nullable=told.nullable or any(one is None for one in results))

    def _arithmetic(self, node: "Expr") -> Told:
        left, right = self.told(node.this), self.told(node.expression)
        nullable = left.nullable or right.nullable or node.key in ("div", "mod", "intdiv")
        if left.type is None or right.type is None:
            return Told(None, nullable)
        bases = {left.type.base, right.type.base}
        if not bases <= {Base.INT, Base.DECIMAL, Base.FLOAT, Base.YEAR}:
            return Told(None, nullable)
        if Base.FLOAT in bases:
            return Told(_DOUBLE, nullable)
        if Base.DECIMAL in bases or (node.key == "div" and self._dialect is Dialect.MYSQL):
            return Told(ColumnType(Base.DECIMAL, "decimal"), nullable)
        return Told(_BIGINT._replace(unsigned=left.type.unsigned or right.type.unsigned), nullable)


def common(types: list[ColumnType]) -> ColumnType | None:
    """Return the type that holds values of all, None where there is none."""
    first = types[0]
    if all(one.base is Base.INT for one in types) and len({one.unsigned for one in types}) == 2:
        widest = max(one.bits for one in types if one.unsigned)
        return ColumnType(Base.DECIMAL, "decimal(20,0)", precision=20) if widest == 64 else _BIGINT
    if all(one.base is first.base for one in types):
        return max(types, key=lambda one: (one.bits, one.precision, one.length))
    bases = {one.base for one in types}
    if bases <= {Base.INT, Base.DECIMAL}:
        return next(one for one in types if one.base is Base.DECIMAL)
    if bases <= {Base.INT, Base.DECIMAL, Base.FLOAT}:
        return _DOUBLE
    return _TEXT if bases <= {Base.TEXT, Base.ENUM} else None


def _children(node: "Expr") -> "list[Expr]":
    found: list[Expr] = []
    for name in ("this", "expression", "expressions"):
        value = node.args.get(name)
        found += value if isinstance(value, list) else [value] if value is not None and hasattr(value, "key") else []
    return [one for one in found if one.key != "null"]
