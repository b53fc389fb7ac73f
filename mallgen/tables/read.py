"""Files of DDL as tables: statements are applied in order, and every flaw is a finding at its place."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, in_order
from mallgen.tables.catalog import Catalog
from mallgen.tables.checks import check_all
from mallgen.tables.detect import detect
from mallgen.tables.model import Dialect, Schema
from mallgen.tables.scan import scan
from mallgen.tables.statements import apply
from mallgen.text.limits import DEFAULT, Limits, raise_it
from mallgen.text.span import Span


class DdlSource(NamedTuple):
    """A file of DDL; `file` is its path as messages show it."""

    file: str
    text: str


class Read(NamedTuple):
    """The tables that files of DDL leave, and all that is wrong with them."""

    schema: Schema
    diagnostics: tuple[Diagnostic, ...]


_KEPT = 16  # schemas of one run


def read(sources: Sequence[DdlSource], dialect: Dialect | None = None, limits: Limits = DEFAULT) -> Read:
    """Read files in the given order; later ones may ALTER what earlier ones create.

    Without a dialect that of each file is detected. Linear in the files' size.
    """
    return _read(tuple(sources), dialect, limits)


@lru_cache(_KEPT)  # the services of a workspace often share one file, of which each takes its own database
def _read(sources: tuple[DdlSource, ...], dialect: Dialect | None, limits: Limits) -> Read:
    catalog = Catalog(limits)
    for source in sources:
        if len(source.text) > limits.sql:
            catalog.found.append(_too_large(source, limits))
            continue
        told = dialect or detect(source.text)
        scanned = scan(source.file, source.text, told, limits)
        catalog.found += scanned.diagnostics
        apply(scanned, told, catalog)
    catalog.settle_types()
    check_all(catalog)
    return Read(catalog.finished(), tuple(in_order(catalog.found)))


def _too_large(source: DdlSource, limits: Limits) -> Diagnostic:
    message = f"the file has {len(source.text)} characters, more than {limits.sql}"
    hint = "leave rows of data out, " + raise_it("sql", len(source.text))
    return Diagnostic("too-large", message, Span(source.file, 1, 1, 1, 1), hint)
