"""Expressions and queries as trees of sqlglot, which is imported for the first of them."""

from typing import TYPE_CHECKING, Any

from mallgen.tables.model import Dialect

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


def parsed(text: str, dialect: Dialect, into: "type[Any] | None" = None) -> "Expr":
    """Return the tree of a text. Raises SqlglotError, and RecursionError or AttributeError for some texts.

    What sqlglot would write into the log about it is our finding.
    """
    import logging

    from sqlglot import parse_one

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    return parse_one(text, dialect=dialect.value, into=into)
