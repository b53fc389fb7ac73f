"""One shape for every message about a user's input."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from mallgen.text.span import Span


class Note(Struct, frozen=True):
    """A second position that explains the first."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True):
    """What is wrong, where, and the way out. `code` is stable and in words: `unknown-type`.

    `severity` is `error` (this is no contract), `unfit` (goctl reads it, but a service made from it would be
    wrong or not start: an error where code is generated, a warning elsewhere) or `warning`.
    `environment` marks what is not the input's fault: a full disk, a read-only folder.
    """

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    notes: tuple[Note, ...] = ()
    severity: str = "error"
    environment: bool = False

    @property
    def level(self) -> str:
        """`error` or `warning`, as it is shown."""
        return "error" if self.severity == "error" else "warning"


def in_order(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place, those without one at the end."""
    return sorted(found, key=lambda d: (d.span is None, d.span or ()))


def strict(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same diagnostics for who generates code: what is unfit is an error."""
    return tuple(replace(d, severity="error") if d.severity == "unfit" else d for d in found)
