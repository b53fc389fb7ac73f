"""One shape for every message about a user's input."""

from msgspec import Struct

from mallgen.model import Span


class Note(Struct, frozen=True):
    """A second position that explains the first."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True):
    """What is wrong, where, and the way out. `code` is stable and in words: `unknown-type`.

    `environment` marks what is not the input's fault: a full disk, a read-only folder.
    """

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    notes: tuple[Note, ...] = ()
    severity: str = "error"
    environment: bool = False
