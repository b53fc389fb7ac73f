"""The files of a package of models that belongs to no service."""

from mallgen.emit import Emitted, emitted, too_much, typed
from mallgen.emit.model.files import TableSet, model_files
from mallgen.emit.service import init
from mallgen.python.code import PyIdent
from mallgen.python.render import Renderer, TooMuch
from mallgen.text.limits import DEFAULT


def emit(tables: TableSet, package: PyIdent, prove: bool = True, most: int = DEFAULT.output) -> Emitted:
    """Return the files of the package, or a diagnostic when they have more than `most` bytes.

    With `prove` each generated module is compiled.
    """
    span = tables.tables[0].span
    renderer = Renderer(prove, most)
    what = f"The tables of the database {tables.database}." if tables.database else "Tables."
    try:
        files = (
            init(package, "", what, renderer),
            typed(package),
            *model_files(tables, package, renderer),
        )
    except TooMuch:
        return too_much(most, span)
    return emitted(files, (), span)
