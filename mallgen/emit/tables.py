"""The parts of a service that has tables; without tables the emitter of models is never imported."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.emit import TABLE_SETTINGS
from mallgen.emit.service import init
from mallgen.output.files import File
from mallgen.output.signature import SettingsBlock
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, yaml_text
from mallgen.python.render import Renderer

if TYPE_CHECKING:
    from mallgen.emit.model.files import TableSet

_CACHE = (
    "# Without CacheRedis the cache is in the memory of this process.",
    "# CacheRedis:",
    "#   - Host: 127.0.0.1:6379",
)


class ServiceTables:
    """The tables of one service; `package` is the service's."""

    def __init__(self, found: "TableSet | None", package: PyIdent) -> None:
        self._found = found if found is not None and found.tables else None
        self._package = package

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras of mallgen-runtime that its settings may ask for: the drivers, and the cache if it has one."""
        if self._found is None:
            return ()
        names = {table.dialect.value for table in self._found.tables} | {"sqlite"}
        names |= {"cache"} if self._found.choices.cache else set()
        return tuple(sorted(names))

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of the service context that hold the models."""
        if self._found is None:
            return ()
        from mallgen.emit.model.names import context_attributes

        return tuple(context_attributes(self._found.modelled))

    @property
    def data_source(self) -> list[Code]:
        """The lines of the YAML file that name the database, at first a file of SQLite, and say where a cache goes."""
        if self._found is None:
            return []
        from mallgen.emit.model.files import service_word

        name = self._found.database or service_word(self._package)
        lines = [Code(f"DataSource: {yaml_text(f'sqlite:///data/{name}.db')}")]
        return [*lines, *map(Code, _CACHE)] if self._found.choices.cache else lines

    @property
    def blocks(self) -> tuple[SettingsBlock, ...]:
        """The settings of the database."""
        lines = self.data_source
        return (SettingsBlock("DataSource", tuple(lines), True),) if lines else ()

    @property
    def settings(self) -> tuple[str, ...]:
        """The attributes of the settings, those of a cache also where there is none yet."""
        return TABLE_SETTINGS if self._found is not None else ()

    def fields(self, imports: Imports) -> list[Code]:
        """Return the settings of wiring.py."""
        if self._found is None:
            return []
        from mallgen.emit.model import files

        return files.fields(self._found, imports)

    def statements(self, imports: Imports) -> list[Code]:
        """Return the statements that open the database and make the models."""
        if self._found is None:
            return []
        from mallgen.emit.model import files

        return files.statements(self._found, self._package, imports)

    @property
    def has_outbox(self) -> bool:
        """Return whether messages can be written along with rows."""
        return self._found is not None and self._found.has_outbox

    def files(self, renderer: Renderer) -> Iterator[File]:
        """Yield the files of the package `model/`."""
        if self._found is not None:
            from mallgen.emit.model import files

            yield init(f"{self._package}/model", "model", "The tables of the service.", renderer)
            yield from files.model_files(self._found, f"{self._package}.model", renderer)
