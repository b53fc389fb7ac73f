"""Lines of mallgen.lock as values: contracts, files, classes and their fields, renames. Pure.

manifest.py has the text form of all of them; no other module reads or writes it.
"""

from enum import Enum
from typing import NamedTuple


class Owner(Enum):
    """Owner of a file: mallgen, which rewrites it (ALWAYS), or the user, after it was written once (ONCE)."""

    ALWAYS = "always"
    ONCE = "once"


class Role(NamedTuple):
    """Purpose of a file: its layer (`logic`), and the route, RPC or middleware that it serves.

    `title` is `GET /v1/x` for a route, and empty for a file that a service has once. Layers of an installed kind of
    contract are one word each.
    """

    layer: str
    title: str = ""

    def __str__(self) -> str:
        return f"{self.layer} {self.title}" if self.title else self.layer

    @property
    def method(self) -> str:
        """Return the HTTP method of a route, "" for an RPC or a middleware."""
        method, sign, _ = self.title.partition(" ")
        return method if sign else ""


SETTINGS = Role("settings")
CONFIG = Role("config")
MAIN = Role("main")
PYPROJECT = Role("pyproject")
SERVICE_CONTEXT = Role("service context")
HOOKS = Role("hooks")
FIRST_TEST = Role("first test")  # comes with a new project and never again


class Unplaced(Enum):
    """Reason for a shape without position: its route is GONE, or its file was not at the expected path (DOUBT)."""

    GONE = "gone"
    DOUBT = "doubt"


GONE, DOUBT = Unplaced.GONE, Unplaced.DOUBT


class Shape(NamedTuple):
    """Properties by which a route or RPC is recognized when its name and path have changed.

    `position` is its number in the contract, from 1; `request` and `returns` are types as the file spells them, empty
    where there is none; `qualname` is the function or method in the user's file.
    """

    position: int | Unplaced
    request: str
    returns: str
    qualname: str

    @property
    def types(self) -> tuple[str, str]:
        """Return request and result type."""
        return self.request, self.returns

    @property
    def is_placed(self) -> bool:
        """Return whether the file was at its expected path, so that `position` is that of its route."""
        return not isinstance(self.position, Unplaced)


class Origin(NamedTuple):
    """Path of the file that another one comes from, surely or perhaps."""

    path: str
    is_sure: bool


class ContractLine(NamedTuple):
    """A contract whose files are in the folder; `path` is relative to mallgen.lock, with `/`."""

    kind: str
    path: str
    options: str = ""


class Record(NamedTuple):
    """A generated file and the contract it belongs to.

    `sha256` is that of the text mallgen wrote, `-` where that is unknown. User files that follow a route have a
    `shape`; `was` is the file that this one comes from.
    """

    contract: str
    path: str
    owner: Owner
    role: Role
    sha256: str
    shape: Shape | None = None
    was: Origin | None = None

    @property
    def is_gone(self) -> bool:
        """Return whether the contract no longer had the route when the lock was written."""
        return self.shape is not None and self.shape.position is GONE

    @property
    def is_placed(self) -> bool:
        """Return whether the file was at its expected path; True for one that follows no route."""
        return self.shape is None or self.shape.is_placed

    @property
    def qualname(self) -> str:
        """Return the function or method that the file had for its route; empty for one that follows no route."""
        return self.shape.qualname if self.shape else ""

    def at(self, position: int | Unplaced) -> "Record":
        """Return this record with another position, if it has a shape."""
        return self._replace(shape=self.shape._replace(position=position)) if self.shape else self


class ClassField(NamedTuple):
    """A field of a class, and its key on the wire: the key of its tag, or a proto's number."""

    name: str
    key: str


class Class(NamedTuple):
    """A class that user code imports: `mall_api.schemas.Product`, and its fields."""

    contract: str
    name: str
    fields: tuple[ClassField, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the fields."""
        return tuple(field.name for field in self.fields)


class Renamed(NamedTuple):
    """A class, field or package that was renamed: user code may still use the old name.

    A field is `mall_api.schemas.Product:title`; a name without a dot is a package, whose service was renamed.
    """

    contract: str
    old: str
    new: str

    @property
    def is_package(self) -> bool:
        """Return whether a whole package was renamed."""
        return "." not in self.old
