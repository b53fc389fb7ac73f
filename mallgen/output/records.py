"""What mallgen.lock remembers, as values: contracts, generated files, classes and their fields, renames. Pure.

lock.py has the text form of all of them; nothing else takes such text apart.
"""

from enum import Enum
from typing import NamedTuple


class Owner(Enum):
    """Who may change a file after it was written: mallgen (always) or the user (once)."""

    ALWAYS = "always"
    ONCE = "once"


class Role(NamedTuple):
    """What a generated file is for: its layer (`logic`), and the route, RPC or middleware that it serves.

    `title` is `GET /v1/x` for a route, and empty for a file of which a service has one. The layer of a kind of
    contract that is installed beside mallgen is one word.
    """

    layer: str
    title: str = ""

    def __str__(self) -> str:
        return f"{self.layer} {self.title}" if self.title else self.layer

    @property
    def method(self) -> str:
        """`POST` of a route; an RPC and a middleware have none."""
        method, sign, _ = self.title.partition(" ")
        return method if sign else ""


SETTINGS = Role("settings")
CONFIG = Role("config")
MAIN = Role("main")
PYPROJECT = Role("pyproject")
SERVICE_CONTEXT = Role("service context")
FIRST_TEST = Role("first test")  # comes with a new project and never again


class Unplaced(Enum):
    """Why the contract's order says nothing of a file: its route is GONE, or the file is not where it belongs."""

    GONE = "gone"
    DOUBT = "doubt"


GONE, DOUBT = Unplaced.GONE, Unplaced.DOUBT


class Shape(NamedTuple):
    """What a route or RPC is known by when its name and path have changed.

    `position` is its place in the contract, counted from 1; `request` and `returns` are types as the file spells them,
    empty where there is none; `qualname` is the function or method in the user's file.
    """

    position: int | Unplaced
    request: str
    returns: str
    qualname: str

    @property
    def types(self) -> tuple[str, str]:
        """Request and result."""
        return self.request, self.returns

    @property
    def is_placed(self) -> bool:
        """Whether the file was where the contract expected it, so that its position is that of its route."""
        return not isinstance(self.position, Unplaced)


class Origin(NamedTuple):
    """The file that another one may have come from, and whether that is sure."""

    path: str
    is_sure: bool


class ContractLine(NamedTuple):
    """A contract generated into the folder; `path` is relative to the lock, with `/`."""

    kind: str
    path: str
    options: str = ""


class Record(NamedTuple):
    """A generated file and the contract it belongs to.

    `sha256` is that of what mallgen wrote, `-` where it wrote nothing that is known. `shape` is that of a user's file.
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
        """Whether the contract no longer had the route when the lock was written."""
        return self.shape is not None and self.shape.position is GONE

    @property
    def is_placed(self) -> bool:
        """Whether the file was where the contract expected it; one that follows no route always is."""
        return self.shape is None or self.shape.is_placed

    @property
    def qualname(self) -> str:
        """The function or method that the file had for its route; empty for one that follows no route."""
        return self.shape.qualname if self.shape else ""

    def at(self, position: int | Unplaced) -> "Record":
        """This record with another position, where it has one at all."""
        return self._replace(shape=self.shape._replace(position=position)) if self.shape else self


class ClassField(NamedTuple):
    """A field of a class, and what it is called on the wire: the key of its tag, or a proto's number."""

    name: str
    key: str


class Class(NamedTuple):
    """A class that user code imports: `mall_api.schemas.Product`, and its fields."""

    contract: str
    name: str
    fields: tuple[ClassField, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(field.name for field in self.fields)


class Renamed(NamedTuple):
    """A class that has another name since: user code may still use the old one.

    A field is `mall_api.schemas.Product:title`; a name without a dot is a whole package, whose service was renamed.
    """

    contract: str
    old: str
    new: str

    @property
    def is_package(self) -> bool:
        """Whether a whole package has another name."""
        return "." not in self.old
