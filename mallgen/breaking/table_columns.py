"""Rules about columns of tables."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, table_rule
from mallgen.breaking.phases import AFTER
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.breaking.tables import TablesChange


@table_rule("column-dropped", ERROR, BEHAVIOUR)
def column_dropped(change: "TablesChange") -> Iterator[Finding]:
    """A column is dropped: statements of the code that still runs name it, and its values are gone.

    Release code that does not use the column first, and drop it when the last old process has stopped. Until then a
    column that is NOT NULL needs a DEFAULT, or the new code could insert no row.
    """
    for pair in change.tables:
        for column in pair.change.dropped:
            message = f"`{pair.name}` has no column `{column.name}` any more"
            hint = "first release code that does not use it, then drop it"
            yield pair.finding(message, hint, AFTER, was=column.span, dropped=(column,))
