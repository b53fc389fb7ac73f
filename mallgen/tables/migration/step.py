"""A statement of a migration with what it does to rows and to other sessions."""

from typing import NamedTuple

from mallgen.text.span import Span

LOSES, REWRITES, LOCKS, FAILS, BY_HAND = (
    "migrate-loses-data",
    "migrate-rewrites",
    "migrate-locks",
    "migrate-may-fail",
    "migrate-by-hand",
)


class Caution(NamedTuple):
    """A warning about a statement: its code, what happens, what to do about it, and the place in the contract."""

    code: str
    message: str
    hint: str
    span: Span | None = None


class MigrationStep(NamedTuple):
    """A statement without its semicolon, empty where only a warning is to be given."""

    statement: str
    cautions: tuple[Caution, ...] = ()
