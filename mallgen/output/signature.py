"""What a contract asks of a user's file, as data: the line per route that follows it, and blocks of settings."""

from typing import NamedTuple

from mallgen.output.records import ClassField, Shape

REQUESTS = ("req", "reqs")


class Param(NamedTuple):
    """A parameter and its type, as the generated file spells it."""

    name: str
    annotation: str


class Imported(NamedTuple):
    """A name that the types need: `from module import name as local`."""

    module: str
    name: str
    local: str


class Signature(NamedTuple):
    """The contract's line in a user's file.

    `qualname` is a function (`recommend_handler`) or a method with its class (`RecommendLogic.recommend`), `params` are
    without `self`; `position` is the place of the route or RPC in the contract.
    """

    qualname: str
    params: tuple[Param, ...]
    returns: str
    imports: tuple[Imported, ...]
    position: int = 0

    @property
    def request(self) -> str:
        """The type of the request, empty when there is none."""
        for param in self.params:
            if param.name in REQUESTS:
                return param.annotation
        return ""

    @property
    def shape(self) -> Shape:
        """What mallgen.lock keeps, so that the route is known again under another name."""
        return Shape(self.position, self.request, self.returns, self.qualname)


class SettingsBlock(NamedTuple):
    """A block of a settings file: its key, its lines, and whether a service may not start without it."""

    key: str
    lines: tuple[str, ...]
    needed: bool


class ClassShape(NamedTuple):
    """A class that user code may import, and its fields; `checked`: a constructor takes these and nothing else.

    `keys` has for each field what it is called on the wire: the key of its tag, or a proto's number.
    """

    module: str
    name: str
    fields: tuple[str, ...] = ()
    checked: bool = False
    keys: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[ClassField, ...]:
        """What mallgen.lock keeps of the fields: each with its key."""
        return tuple(ClassField(name, key) for name, key in zip(self.fields, self.keys or self.fields, strict=True))

    @property
    def full(self) -> str:
        """`mall_api.schemas.Product`."""
        return f"{self.module}.{self.name}"
