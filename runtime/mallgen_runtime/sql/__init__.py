"""A service's database: pool, transactions, and the base of the generated models."""

from mallgen_runtime.sql.column import Column
from mallgen_runtime.sql.columns import (
    BitsColumn,
    BitStringColumn,
    BoolColumn,
    BytesColumn,
    DecimalColumn,
    FloatColumn,
    IntColumn,
    TextColumn,
    YearColumn,
)
from mallgen_runtime.sql.conf import DataSourceConf
from mallgen_runtime.sql.connection import Dialect, Done, Executor, Isolation
from mallgen_runtime.sql.database import Database
from mallgen_runtime.sql.errors import (
    ConnectionLost,
    DatabaseError,
    DatabaseUnreachable,
    Deadlock,
    DuplicateKey,
    ForeignKeyViolated,
    PoolTimeout,
    StatementTimeout,
    ValueRefused,
)
from mallgen_runtime.sql.lists import ListRule
from mallgen_runtime.sql.model import Model, Page, Row
from mallgen_runtime.sql.opened import OpenedModels
from mallgen_runtime.sql.schema import Schema
from mallgen_runtime.sql.table import Keyset, Table
from mallgen_runtime.sql.time_columns import DateColumn, DatetimeColumn, TimeColumn
from mallgen_runtime.sql.transaction import Transaction
from mallgen_runtime.sql.value_columns import ArrayColumn, EnumColumn, JsonColumn, SetColumn, UuidColumn

__all__ = [
    "ArrayColumn",
    "BitStringColumn",
    "BitsColumn",
    "BoolColumn",
    "BytesColumn",
    "Column",
    "ConnectionLost",
    "DataSourceConf",
    "Database",
    "DatabaseError",
    "DatabaseUnreachable",
    "DateColumn",
    "DatetimeColumn",
    "Deadlock",
    "DecimalColumn",
    "Dialect",
    "Done",
    "DuplicateKey",
    "EnumColumn",
    "Executor",
    "FloatColumn",
    "ForeignKeyViolated",
    "IntColumn",
    "Isolation",
    "JsonColumn",
    "Keyset",
    "ListRule",
    "Model",
    "OpenedModels",
    "Page",
    "PoolTimeout",
    "Row",
    "Schema",
    "SetColumn",
    "StatementTimeout",
    "Table",
    "TextColumn",
    "TimeColumn",
    "Transaction",
    "UuidColumn",
    "ValueRefused",
    "YearColumn",
]
