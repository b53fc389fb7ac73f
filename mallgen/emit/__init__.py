"""One module per output: emit(contract, options) → files."""

from collections.abc import Iterable
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.output import paths
from mallgen.output.files import File
from mallgen.output.records import FIRST_TEST, Owner, Role
from mallgen.output.signature import ClassShape, Signature
from mallgen.python.code import Code
from mallgen.text.limits import raise_it
from mallgen.text.span import Span


class LogicBody(NamedTuple):
    """The statements of a logic method that is not to be a stub, and what they need: pairs of module and name."""

    lines: tuple[Code, ...]
    imports: tuple[tuple[str, str], ...] = ()


class Emitted(NamedTuple):
    """The files in the order they are reported; none when there is an error among `diagnostics`.

    `classes` are those of the contract's types, which user code imports.
    """

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    classes: tuple[ClassShape, ...] = ()


class UserText(NamedTuple):
    """A user's file as it is made, and what the contract asks of it later."""

    text: str
    signature: Signature


def typed(package: str) -> File:
    """The file that says that a package has types."""
    return File(f"{package}/py.typed", "", Owner.ALWAYS, Role("py.typed"))


def first_test(package: str, text: str) -> File:
    """The test that a new project brings along."""
    return File(f"tests/test_{package}.py", text, Owner.ONCE, FIRST_TEST)


def too_much(most: int, span: Span) -> Emitted:
    """What is said instead of files that would be larger than `most` in all."""
    message = f"what is generated from this contract has more than {most} bytes"
    hint = f"split the contract into several services, {raise_it('output', 2 * most)}"
    return Emitted((), (Diagnostic("too-much-output", message, span, hint),))


def emitted(
    files: Iterable[File], problems: tuple[Diagnostic, ...], span: Span, classes: Iterable[ClassShape] = ()
) -> Emitted:
    """Files whose names every file system takes; `span` is where those come from that know no better place."""
    placed = tuple(file if file.span else file._replace(span=span) for file in files)
    bad = tuple(paths.check(placed))
    return Emitted(() if bad else placed, (*problems, *bad), tuple(classes))
