"""Diagnostics: every message about a user's input, as a value."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from mallgen.text.span import Span, SpanEdit


class Note(Struct, frozen=True):
    """A second position that explains the first."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True):
    """A message about the user's input, with its span and a hint. `code` is stable and in words: `unknown-type`.

    `severity` is `error` (this is no contract), `unfit` (goctl reads it, but a service made from it would be
    wrong or not start: an error where code is generated, a warning elsewhere), `warning` or `info`.
    `facts` are more lines, each with its name: `affects`, `witness`.
    `environment` marks an error that is not the input's fault: a full disk, a read-only folder. `edits` correct the
    input where there is one right way to do so.
    """

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    notes: tuple[Note, ...] = ()
    severity: str = "error"
    environment: bool = False
    edits: tuple[SpanEdit, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def level(self) -> str:
        """Return `error`, `warning` or `info`, as the severity is shown."""
        return self.severity if self.severity in ("error", "info") else "warning"


def in_order(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics sorted by span, those without one at the end."""
    return sorted(found, key=lambda d: (d.span is None, d.span or ()))


def strict(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics for a caller that generates code: what is unfit is an error."""
    return tuple(replace(d, severity="error") if d.severity == "unfit" else d for d in found)
