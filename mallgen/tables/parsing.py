"""Expressions and queries as trees of sqlglot, which is imported for the first of them.

No other module calls its parser or its writer: for texts they do not expect they raise any exception, and
here all of them become one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mallgen.tables.model import Dialect

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


class UnreadableSql(Exception):
    """sqlglot can make no tree of a text, or no text of a tree; its words, which may be empty, say why."""


def parsed(text: str, dialect: Dialect, into: "type[Any] | None" = None) -> "Expr":
    """Return the tree of a text. Raises UnreadableSql.

    What sqlglot would write into the log about it is our finding.
    """
    import logging

    from sqlglot import parse_one  # noqa: TID251

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    with _one_error():
        return parse_one(text, dialect=dialect.value, into=into)


def condition(text: str, dialect: Dialect) -> "Expr":
    """Return the tree of an expression. Raises UnreadableSql."""
    from sqlglot import exp

    return parsed(text, dialect, exp.Condition)


def written(tree: "Expr", dialect: Dialect) -> str:
    """Return a tree as a dialect's text; what the dialect cannot say stays as it was. Raises UnreadableSql."""
    from sqlglot import ErrorLevel

    with _one_error():
        return tree.sql(dialect.value, identify="safe", unsupported_level=ErrorLevel.IGNORE)


@contextmanager
def _one_error() -> Iterator[None]:
    from sqlglot.errors import SqlglotError  # noqa: TID251

    try:
        yield
    except SqlglotError as problem:
        raise UnreadableSql(str(problem)) from problem
    except Exception as problem:  # such as ValueError for the bits of b'', AttributeError, RecursionError
        raise UnreadableSql from problem
