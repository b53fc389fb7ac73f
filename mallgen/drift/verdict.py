"""Verdicts on user files, and the remarks in them."""

from enum import Enum
from typing import NamedTuple

from mallgen.output.records import Role
from mallgen.output.signature import SettingsBlock
from mallgen.text.span import Span


class State(Enum):
    """State of a user file compared with the contract."""

    FITS = "implemented"
    STUB = "stub"
    DRIFTED = "drifted"
    STUCK = "drifted, needs you"
    BROKEN = "not Python"
    ABSENT = "absent"


class Remark(NamedTuple):
    """Something in a user file that does not fit the contract: its diagnostic's code, its text, its span in the file.

    `is_yours`: only the user can mend it. `stops`: until then the contract's generated code would keep the file from
    being imported, so sync writes nothing.
    """

    code: str
    text: str
    span: Span
    is_yours: bool = False
    stops: bool = False


class Unsure(NamedTuple):
    """A possible use of a renamed field: the warning's text, and the span now and after sync."""

    text: str
    span: Span
    later: Span


class Verdict(NamedTuple):
    """Result for one user file: its expected path, its path on disk (`source`), state, remarks, missing blocks."""

    path: str
    source: str
    state: State
    remarks: tuple[Remark, ...] = ()
    role: Role | None = None
    blocks: tuple[SettingsBlock, ...] = ()
