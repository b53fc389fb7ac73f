"""What is said of one user's file."""

from enum import Enum
from typing import NamedTuple

from mallgen.output.records import Role
from mallgen.output.signature import SettingsBlock
from mallgen.text.span import Span


class State(Enum):
    """How a user's file stands to the contract."""

    FITS = "implemented"
    STUB = "stub"
    DRIFTED = "drifted"
    STUCK = "drifted, needs you"
    BROKEN = "not Python"
    ABSENT = "absent"


class Remark(NamedTuple):
    """Something that does not fit: its code, what it is, and its place in the file that is there now.

    `is_yours`: nothing but a human can mend it. `stops`: until then the generated half of today would keep the file
    from being imported, so sync writes nothing.
    """

    code: str
    text: str
    span: Span
    is_yours: bool = False
    stops: bool = False


class Unsure(NamedTuple):
    """Where a field that has another name may be meant: what is to be said, its place now, and after sync."""

    text: str
    span: Span
    later: Span


class Verdict(NamedTuple):
    """One user's file: where it is due, where it is now, and what is to be said of it."""

    path: str
    source: str
    state: State
    remarks: tuple[Remark, ...] = ()
    role: Role | None = None
    blocks: tuple[SettingsBlock, ...] = ()
