"""The emitters, which make files of a contract, and the values that they share."""

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

# names that classes of settings have besides their settings, and the function that declares them
NAMES_OF_SETTINGS_CLASSES = frozenset(
    ["as_shown", "blocked_after", "check_settings", "field", "limit_of", "plain", "remarks"]
)
TABLE_SETTINGS = ("data_source", "cache_redis", "cache_options")


class LogicBody(NamedTuple):
    """The statements of a logic method that would else be a stub; `imports` are pairs of module and name."""

    lines: tuple[Code, ...]
    imports: tuple[tuple[str, str], ...] = ()


class Emitted(NamedTuple):
    """The result of an emitter: files in the order of the report, none when `diagnostics` has an error.

    `classes` are the classes of the contract's types, which user code imports.
    """

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    classes: tuple[ClassShape, ...] = ()


class UserText(NamedTuple):
    """The first text of a user file, and the signature that the contract asks for from then on."""

    text: str
    signature: Signature


def typed(package: str) -> File:
    """Return the file py.typed, which marks a package as typed (PEP 561)."""
    return File(f"{package}/py.typed", "", Owner.ALWAYS, Role("py.typed"))


def first_test(package: str, text: str) -> File:
    """Return the file of a new project's first test."""
    return File(f"tests/test_{package}.py", text, Owner.ONCE, FIRST_TEST)


def too_much(most: int, span: Span) -> Emitted:
    """Return the diagnostic that stands for files of more than `most` bytes in total."""
    message = f"what is generated from this contract has more than {most} bytes"
    hint = f"split the contract into several services, {raise_it('output', 2 * most)}"
    return Emitted((), (Diagnostic("too-much-output", message, span, hint),))


def emitted(
    files: Iterable[File], problems: tuple[Diagnostic, ...], span: Span, classes: Iterable[ClassShape] = ()
) -> Emitted:
    """Return `files`, or none when a file system would refuse a path; `span` is the origin of those without one."""
    placed = tuple(file if file.span else file._replace(span=span) for file in files)
    bad = tuple(paths.check(placed))
    return Emitted(() if bad else placed, (*problems, *bad), tuple(classes))
