"""The base of every service context."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, runtime_checkable

C = TypeVar("C")


class Resource(Protocol):
    """A resource that the generated half opens and closes: a channel to another service."""

    @property
    def key(self) -> str:
        """The name in readiness answers."""

    @property
    def state(self) -> str:
        """`ok`, or what is wrong with it."""

    async def start(self) -> None:
        """Open it."""

    async def close(self) -> None:
        """Release it."""


@runtime_checkable
class Interceptable(Protocol):
    """A resource that calls another service."""

    def intercept(self, interceptors: Sequence[Any]) -> None:
        """Put interceptors around every call, the first one outermost."""


R = TypeVar("R", bound=Resource)


class ServiceBase(Generic[C]):
    """Made once per process with the configuration; generated contexts inherit from it."""

    def __init__(self, config: C) -> None:
        self.config = config
        self._resources: list[Resource] = []
        self.middlewares: list[Any] = []

    def use(self, middleware: Any) -> None:
        """Add a middleware around every request, unknown paths and errors too: go-zero's `server.Use`.

        It has `handle(ctx, next_)` as those of the contract have; the first one stands outermost. Call it in
        `__init__` or `start`.
        """
        self.middlewares.append(middleware)

    def intercept(self, interceptors: Sequence[Any]) -> None:
        """Put interceptors around every call of another service, the first one outermost. The runtime calls it."""
        for resource in self._resources:
            if isinstance(resource, Interceptable):
                resource.intercept(interceptors)

    def keep(self, resource: R) -> R:
        """Keep a resource of the generated half: opened before `start`, closed after `close`."""
        self._resources.append(resource)
        return resource

    def kept(self) -> tuple[Resource, ...]:
        """Return the resources of the generated half."""
        return tuple(self._resources)

    def states(self) -> dict[str, str]:
        """Return the state of each resource by name: `ok`, or the problem."""
        return {resource.key: resource.state for resource in self._resources}

    async def open(self) -> None:
        """Open the resources of the generated half, then call `start`. The runtime calls it."""
        for resource in self._resources:
            await resource.start()
        await self.start()

    async def shut(self) -> None:
        """Call `close`, then close the resources of the generated half, last first. The runtime calls it."""
        try:
            await self.close()
        finally:
            for resource in reversed(self._resources):
                await resource.close()

    async def __aenter__(self) -> Self:
        """Open the context outside of a server, for a script: `async with ServiceContext(config) as svc:`."""
        await self.open()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self.shut()

    async def start(self) -> None:
        """Open what the service needs; runs before the first request."""

    async def close(self) -> None:
        """Release it; runs after the last request."""


if TYPE_CHECKING:  # with a default, so that what names App alone keeps its meaning
    from typing_extensions import TypeVar as WithDefault

    S = WithDefault("S", bound=ServiceBase[Any], default=ServiceBase[Any], covariant=True)
else:
    S = TypeVar("S", bound=ServiceBase, covariant=True)
