"""The names of types in each dialect, with the values that they mean."""

from mallgen.tables.model import Base, ColumnType, Dialect


def _int(bits: int, unsigned: bool = False) -> ColumnType:
    return ColumnType(Base.INT, "", bits, unsigned)


def _text(length: int = 0) -> ColumnType:
    return ColumnType(Base.TEXT, "", length=length)


def _bytes(length: int = 0) -> ColumnType:
    return ColumnType(Base.BYTES, "", length=length)


_CHAR, _BINARY = _text(1)._replace(fixed=True), _bytes(1)._replace(fixed=True)
_FLOAT, _DOUBLE = ColumnType(Base.FLOAT, "", 32), ColumnType(Base.FLOAT, "", 64)
_BOOL, _DATE, _TIME = ColumnType(Base.BOOL, "", 8), ColumnType(Base.DATE, ""), ColumnType(Base.TIME, "")
_DATETIME, _INSTANT = ColumnType(Base.DATETIME, ""), ColumnType(Base.DATETIME, "", zoned=True)
_DECIMAL, _JSON, _UUID = ColumnType(Base.DECIMAL, ""), ColumnType(Base.JSON, ""), ColumnType(Base.UUID, "")
_MYSQL = {
    "TINYINT": _int(8),
    "INT1": _int(8),
    "SMALLINT": _int(16),
    "INT2": _int(16),
    "MEDIUMINT": _int(24),
    "MIDDLEINT": _int(24),
    "INT3": _int(24),
    "INT": _int(32),
    "INTEGER": _int(32),
    "INT4": _int(32),
    "BIGINT": _int(64),
    "INT8": _int(64),
    "SERIAL": _int(64, True),
    "BOOL": _BOOL,
    "BOOLEAN": _BOOL,
    "FLOAT": _FLOAT,
    "FLOAT4": _FLOAT,
    "FLOAT8": _DOUBLE,
    "DOUBLE": _DOUBLE,
    "DOUBLE PRECISION": _DOUBLE,
    "REAL": _DOUBLE,
    **dict.fromkeys(("DECIMAL", "DEC", "NUMERIC", "FIXED", "NUMBER"), _DECIMAL._replace(precision=10)),
    "BIT": ColumnType(Base.BITS, "", 1),
    **dict.fromkeys(("CHAR", "CHARACTER", "NCHAR", "NATIONAL CHAR", "NATIONAL CHARACTER"), _CHAR),
    **dict.fromkeys(("VARCHAR", "CHARACTER VARYING", "CHAR VARYING", "NVARCHAR", "VARCHARACTER"), _text()),
    **dict.fromkeys(("NATIONAL VARCHAR", "VARCHAR2", "NATIONAL CHARACTER VARYING"), _text()),
    **dict.fromkeys(("CHAR BYTE", "CHARACTER BYTE"), _BINARY),
    "TINYTEXT": _text(255),
    "TEXT": _text(65535),
    **dict.fromkeys(("MEDIUMTEXT", "LONG", "LONG VARCHAR"), _text(16_777_215)),
    "LONGTEXT": _text(),
    "BINARY": _BINARY,
    "VARBINARY": _bytes(),
    "TINYBLOB": _bytes(255),
    "BLOB": _bytes(65535),
    **dict.fromkeys(("MEDIUMBLOB", "LONG VARBINARY"), _bytes(16_777_215)),
    "LONGBLOB": _bytes(),
    "DATE": _DATE,
    "TIME": _TIME,
    "DATETIME": _DATETIME,
    "TIMESTAMP": _INSTANT,
    "YEAR": ColumnType(Base.YEAR, ""),
    "JSON": _JSON,
    "ENUM": ColumnType(Base.ENUM, ""),
    "SET": ColumnType(Base.SET, ""),
    "UUID": _UUID,
}
_POSTGRES = {
    **dict.fromkeys(("SMALLINT", "INT2", "SMALLSERIAL", "SERIAL2"), _int(16)),
    **dict.fromkeys(("INTEGER", "INT", "INT4", "SERIAL", "SERIAL4"), _int(32)),
    **dict.fromkeys(("BIGINT", "INT8", "BIGSERIAL", "SERIAL8"), _int(64)),
    "OID": _int(32, True),
    **dict.fromkeys(("BOOLEAN", "BOOL"), ColumnType(Base.BOOL, "", 1)),
    **dict.fromkeys(("REAL", "FLOAT4"), _FLOAT),
    **dict.fromkeys(("DOUBLE PRECISION", "FLOAT8", "FLOAT"), _DOUBLE),
    **dict.fromkeys(("NUMERIC", "DECIMAL", "DEC"), _DECIMAL),
    **dict.fromkeys(("CHARACTER", "CHAR", "NCHAR"), _CHAR),
    "BPCHAR": _text(),
    **dict.fromkeys(("CHARACTER VARYING", "CHAR VARYING", "VARCHAR"), _text()),
    **dict.fromkeys(("TEXT", "CITEXT", "XML", "TSVECTOR", "TSQUERY"), _text()),
    "NAME": _text(63),
    "BYTEA": _bytes(),
    "DATE": _DATE,
    **dict.fromkeys(("TIME", "TIME WITHOUT TIME ZONE"), _TIME._replace(scale=6)),
    **dict.fromkeys(("TIMETZ", "TIME WITH TIME ZONE"), _TIME._replace(scale=6, zoned=True)),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE"), _DATETIME._replace(scale=6)),
    **dict.fromkeys(("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), _INSTANT._replace(scale=6)),
    **dict.fromkeys(("JSON", "JSONB"), _JSON),
    "UUID": _UUID,
    "BIT": ColumnType(Base.BIT_STRING, "", 1, fixed=True),
    **dict.fromkeys(("BIT VARYING", "VARBIT"), ColumnType(Base.BIT_STRING, "")),
}
_SQLITE = {
    **dict.fromkeys(("INT", "INTEGER", "TINYINT", "SMALLINT", "MEDIUMINT", "BIGINT", "INT2", "INT4", "INT8"), _int(64)),
    "UNSIGNED BIG INT": _int(64),
    **dict.fromkeys(("BOOLEAN", "BOOL"), _BOOL),
    **dict.fromkeys(("REAL", "DOUBLE", "DOUBLE PRECISION", "FLOAT"), _DOUBLE),
    **dict.fromkeys(("NUMERIC", "DECIMAL"), _DECIMAL),
    **dict.fromkeys(
        ("TEXT", "CLOB", "CHAR", "CHARACTER", "VARCHAR", "VARYING CHARACTER", "NCHAR", "NVARCHAR"), _text()
    ),
    **dict.fromkeys(("NATIVE CHARACTER", "CHARACTER VARYING"), _text()),
    **dict.fromkeys(("BLOB", "BINARY", "VARBINARY"), _bytes()),
    "DATE": _DATE,
    "TIME": _TIME,
    "DATETIME": _DATETIME,
    "TIMESTAMP": _DATETIME,
    "TIMESTAMPTZ": _INSTANT,
    **dict.fromkeys(("JSON", "JSONB"), _JSON),
    "UUID": _UUID,
}
TYPES = {Dialect.MYSQL: _MYSQL, Dialect.POSTGRES: _POSTGRES, Dialect.SQLITE: _SQLITE}
NUMBERED = frozenset("SERIAL SMALLSERIAL BIGSERIAL SERIAL2 SERIAL4 SERIAL8".split())  # the database numbers them
# types of the databases that have no counterpart in Python that we promise, read as text or bytes
UNMODELLED = {
    Dialect.MYSQL: frozenset(
        "GEOMETRY POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION GEOMCOLLECTION "
        "VECTOR INET4 INET6".split()
    ),
    Dialect.POSTGRES: frozenset(
        "INTERVAL MONEY INET CIDR MACADDR MACADDR8 POINT LINE LSEG BOX PATH POLYGON CIRCLE INT4RANGE INT8RANGE "
        "NUMRANGE TSRANGE TSTZRANGE DATERANGE INT4MULTIRANGE INT8MULTIRANGE NUMMULTIRANGE TSMULTIRANGE TSTZMULTIRANGE "
        "DATEMULTIRANGE HSTORE LTREE VECTOR GEOMETRY GEOGRAPHY PG_LSN REGCLASS JSONPATH".split()
    ),
    Dialect.SQLITE: frozenset(("ANY",)),
}
