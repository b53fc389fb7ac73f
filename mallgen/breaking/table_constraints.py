"""Rules about what tables refuse: foreign keys and CHECKs; and about the columns that have a part in each write."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, table_rule
from mallgen.breaking.phases import AFTER, ANY_TIME, BEFORE
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.breaking.tables import TablesChange
    from mallgen.tables.model import ForeignKey

_VALUE = re.compile(r"-?\d+|'[^'\\]*'")
_IN = re.compile(
    rf"[\s(]*(?P<column>[`\"]?\w+[`\"]?)\s+IN\s*\((?P<values>\s*(?:{_VALUE.pattern})\s*(?:,\s*(?:{_VALUE.pattern})\s*)*)\)[\s)]*",
    re.I,
)


@table_rule("foreign-key-added", ERROR, BEHAVIOUR)
def foreign_key_added(change: "TablesChange") -> Iterator[Finding]:
    """A foreign key is added: rows without their target stop the migration, and old code may write or leave more.

    Release code that writes the target first and deletes it last, mend the rows that are there, and add the key then.
    """
    for pair in change.tables:
        for old, new in pair.references:
            if new is not None and old is None:
                message = f"`{pair.name}` refers to `{new.target}` by a new foreign key ({', '.join(new.columns)})"
                hint = "look for rows without their target, and check in the code first"
                yield pair.finding(message, hint, AFTER, span=new.span, added_references=(new,))


@table_rule("foreign-key-dropped", WARNING, BEHAVIOUR)
def foreign_key_dropped(change: "TablesChange") -> Iterator[Finding]:
    """A foreign key is gone: nothing keeps rows from losing their target any more.

    Where the key had an action (ON DELETE CASCADE), the code that still runs relies on it: the new code deletes the
    rows itself, and the key goes when that is rolled out everywhere.
    """
    for pair in change.tables:
        for old, new in pair.references:
            if old is not None and new is None:
                message = f"`{pair.name}` refers to `{old.target}` by a foreign key ({', '.join(old.columns)}) no more"
                acts = _action(old)
                hint = f"do in the code what {acts} did" if acts else "check in the code that the target is there"
                phase = AFTER if acts else BEFORE
                yield pair.finding(message, hint, phase, was=old.span, dropped_references=(old,))


@table_rule("foreign-key-changed", WARNING, BEHAVIOUR)
def foreign_key_changed(change: "TablesChange") -> Iterator[Finding]:
    """A foreign key has other actions: what happens to rows when their target is deleted or changed is another thing.

    From ON DELETE CASCADE to none, the code that still runs cannot delete the target; the other way round, it deletes
    rows that it meant to keep.
    """
    for pair in change.tables:
        for old, new in pair.references:
            if old is not None and new is not None:
                was, now = (_action(one) or "no action" for one in (old, new))
                message = f"the foreign key ({', '.join(new.columns)}) of `{pair.name}` to `{new.target}` has {now}"
                message += f" instead of {was}" if was != now else " and refers to other columns or at another time"
                hint = "do in the new code what the action did, and change it when no old code runs"
                parts = {"dropped_references": (old,), "added_references": (new,)}
                yield pair.finding(message, hint, AFTER, span=new.span, was=old.span, **parts)


@table_rule("check-added", ERROR, BEHAVIOUR)
def check_added(change: "TablesChange") -> Iterator[Finding]:
    """A CHECK is added or is another one: rows against it stop the migration, and old code may write more of them.

    Release code that writes only what the CHECK allows, mend the rows that are there, and add it then.
    """
    for pair in change.tables:
        for old, new in pair.checks:
            if new is not None and not (old is not None and _takes_more(old.expression, new.expression)):
                what = "another CHECK" if old is not None else "a new CHECK"
                message = f"`{pair.name}` has {what}: {' '.join(new.expression.split())}"
                hint = "look for rows against it, and check in the code first"
                dropped = (old,) if old is not None else ()
                was = pair.old.span if old is not None else None
                yield pair.finding(message, hint, AFTER, was=was, dropped_checks=dropped, added_checks=(new,))


@table_rule("check-dropped", INFO, BEHAVIOUR)
def check_dropped(change: "TablesChange") -> Iterator[Finding]:
    """A CHECK is gone, or has more values in its `IN (…)`: the database takes what it refused.

    The migration comes first, as the new code writes such rows; the code that still runs may read them.
    """
    for pair in change.tables:
        for old, new in pair.checks:
            if old is not None and new is None:
                message = f"`{pair.name}` has no CHECK any more: {' '.join(old.expression.split())}"
                yield pair.finding(message, "", BEFORE, was=pair.old.span, dropped_checks=(old,))
            elif old is not None and new is not None and _takes_more(old.expression, new.expression):
                message = f"`{pair.name}` has a CHECK that takes more: {' '.join(new.expression.split())}"
                yield pair.finding(message, "", BEFORE, was=pair.old.span, dropped_checks=(old,), added_checks=(new,))


def _takes_more(old: str, new: str) -> bool:
    """Return whether both are a list of values for one column, and the new one has all of the old one."""
    (column, values), (other, more) = _listed(old), _listed(new)
    return bool(values) and column == other and values < more


def _listed(expression: str) -> tuple[str, frozenset[str]]:
    """Return the column and the values of `column IN (1, 2)`, no values where it is something else."""
    found = _IN.fullmatch(expression)
    if found is None:
        return "", frozenset()
    return found["column"].strip('`"').lower(), frozenset(_VALUE.findall(found["values"]))


@table_rule("table-version-changed", WARNING, BEHAVIOUR)
def table_version_changed(change: "TablesChange") -> Iterator[Finding]:
    """Another column, one for the first time, or none is raised by each change of a row (`mallgen:version`).

    As long as old and new code run beside each other, the changes of one are not seen by the other, and overwritten
    without a VersionConflict.
    """
    for pair in change.tables:
        old, new = pair.old.version, pair.new.version
        if old != new:
            what = f"`{new}` is raised by changes" if new else "no column is raised by changes any more"
            message = f"`{pair.name}`: {what}, and was `{old}`" if old else f"`{pair.name}`: {what} now"
            hint = "stop the old code before the new one starts, or accept lost updates meanwhile"
            yield pair.finding(message, hint, ANY_TIME, was=pair.old.span)


@table_rule("table-soft-delete-changed", WARNING, BEHAVIOUR)
def table_soft_delete_changed(change: "TablesChange") -> Iterator[Finding]:
    """Another column, one for the first time, or none marks deleted rows (`mallgen:soft-delete`).

    Code that does not know the mark reads rows that are deleted, and deletes for good. Where the mark goes, all rows
    that are marked come back: delete them first.
    """
    for pair in change.tables:
        old, new = pair.old.deleted, pair.new.deleted
        if old != new:
            what = f"`{new}` marks deleted rows" if new else "no column marks deleted rows any more"
            message = f"`{pair.name}`: {what}, and was `{old}`" if old else f"`{pair.name}`: {what} now"
            hint = "delete nothing while old code runs" if new else "delete the rows that are marked first"
            yield pair.finding(message, hint, ANY_TIME, was=pair.old.span)


def _action(reference: "ForeignKey") -> str:
    found = [("ON DELETE", reference.on_delete), ("ON UPDATE", reference.on_update)]
    idle = ("", "NO ACTION", "RESTRICT")
    return " ".join(f"{when} {action}" for when, action in found if action not in idle)
