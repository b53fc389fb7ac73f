"""mallgen rmq outbox and rmq once: print the DDL of the tables that the runtime's outbox and `once` work with."""

from mallgen.cli.console import FINE, out
from mallgen.cli.options import Values
from mallgen.tables import outbox
from mallgen.tables.model import Dialect


def run(values: Values) -> int:
    """Print the statements in the dialect of the database."""
    make = outbox.once_ddl if values.text("tables") == "once" else outbox.ddl
    dialect = Dialect(values.text("dialect") or Dialect.MYSQL.value)
    out(f"-- For a .sql in the dialect {dialect.value}: a file has one dialect, and its tables run on every database.")
    out("")
    out(make(dialect).rstrip())
    return FINE
