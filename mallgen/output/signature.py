"""Demands of a contract on user files, as data: the signature of each route's function, blocks of settings."""

from typing import NamedTuple

from mallgen.output.records import ClassField, Shape

REQUESTS = ("req", "reqs")
SOCKET = "socket"


class Param(NamedTuple):
    """A parameter and its type, as the generated file spells it."""

    name: str
    annotation: str


class Imported(NamedTuple):
    """An import that the types of a signature need: `from module import name as local`."""

    module: str
    name: str
    local: str


class Signature(NamedTuple):
    """The function that the contract asks for in a user file.

    `qualname` is a function (`recommend_handler`) or a method with its class (`RecommendLogic.recommend`), `params` are
    without `self`; `position` is the number of the route or RPC in the contract, from 1. `alternative` may be returned
    in place of `returns`, or both as one of two; a generated file says so.
    """

    qualname: str
    params: tuple[Param, ...]
    returns: str
    imports: tuple[Imported, ...]
    position: int = 0
    alternative: str = ""

    @property
    def either(self) -> str:
        """Return the annotation for both results: `XResponse | Response`, `None` last."""
        parts = [self.alternative, self.returns] if self.returns == "None" else [self.returns, self.alternative]
        return " | ".join(filter(None, parts))

    @property
    def request(self) -> str:
        """Return the type of the request, empty when there is none."""
        for param in self.params:
            if param.name in REQUESTS:
                return param.annotation
        return ""

    @property
    def shape(self) -> Shape:
        """Return what mallgen.lock records to recognize the route under another name."""
        return Shape(self.position, self.request, self.returns, self.qualname)


class SettingsBlock(NamedTuple):
    """A block of a settings file; `needed`: the service may not start without it."""

    key: str
    lines: tuple[str, ...]
    needed: bool


class ClassShape(NamedTuple):
    """A class that user code may import, and its fields; `checked`: its constructor takes these and nothing else.

    `keys` has the key of each field on the wire: that of its tag, or a proto's number; by default the field's name.
    """

    module: str
    name: str
    fields: tuple[str, ...] = ()
    checked: bool = False
    keys: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[ClassField, ...]:
        """Return the fields with their keys, as mallgen.lock records them."""
        return tuple(ClassField(name, key) for name, key in zip(self.fields, self.keys or self.fields, strict=True))

    @property
    def full(self) -> str:
        """Return the full name, such as `mall_api.schemas.Product`."""
        return f"{self.module}.{self.name}"
