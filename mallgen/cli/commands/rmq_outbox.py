"""mallgen rmq outbox: print the DDL of the outbox's tables."""

from mallgen.cli.console import FINE, out
from mallgen.cli.options import Values
from mallgen.tables.model import Dialect
from mallgen.tables.outbox import ddl


def run(values: Values) -> int:
    """Print the statements in the dialect of the database."""
    out(ddl(Dialect(values.text("dialect") or Dialect.MYSQL.value)).rstrip())
    return FINE
