"""One module per output: emit(contract, options) → files."""

from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.signature import ClassShape, Signature
from mallgen.tree import File


class Body(NamedTuple):
    """The statements of a logic method that is not to be a stub, and what they need: pairs of module and name."""

    lines: tuple[str, ...]
    imports: tuple[tuple[str, str], ...] = ()


class Emitted(NamedTuple):
    """The files in the order they are reported; none when there is an error among `diagnostics`.

    `classes` are those of the contract's types, which user code imports.
    """

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    classes: tuple[ClassShape, ...] = ()


class Text(NamedTuple):
    """A user's file as it is made, and what the contract asks of it later."""

    text: str
    signature: Signature
