"""A package of models with its database, for programs that are no generated service."""

from types import TracebackType
from typing import Protocol, Self, TypeVar

from mallgen_runtime.sql.conf import DataSourceConf
from mallgen_runtime.sql.database import Database
from mallgen_runtime.sql.schema import Schema


class Opened(Protocol):
    """A database or cache."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


OpenedT = TypeVar("OpenedT", bound=Opened)


class OpenedModels:
    """The base of a package's models: it opens their database, and what else is kept, as an `async with`."""

    def __init__(self, source: DataSourceConf | str, schema: Schema, mode: str = "pro") -> None:
        """`source` is the database or its URL. In the mode `dev` a file of SQLite is made. Raises ConfigError."""
        self._kept: list[Opened] = []
        conf = DataSourceConf(url=source) if isinstance(source, str) else source
        self.db = self.keep(Database(conf, schema, mode))

    def keep(self, resource: OpenedT) -> OpenedT:
        """Open and close a resource with the models; return it."""
        self._kept.append(resource)
        return resource

    async def start(self) -> None:
        """Open all. Raises ConfigError where the database is required and does not answer."""
        for number, resource in enumerate(self._kept):
            try:
                await resource.start()
            except BaseException:
                for begun in reversed(self._kept[:number]):
                    await begun.close()
                raise

    async def close(self) -> None:
        """Close all, the last one first."""
        for resource in reversed(self._kept):
            await resource.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
