"""Names that values of the runtime's classes offer, as drift knows them without the runtime."""

import msgspec

from mallgen.drift.classes import RUNTIME
from mallgen_runtime import ServiceBase
from mallgen_runtime.schema import Omitting, Struct
from mallgen_runtime.sql import Model, Row


class _Config(msgspec.Struct):
    name: str = "x"


def test_the_names_are_those_of_the_runtime() -> None:
    real = {
        "mallgen_runtime.schema.Omitting": public(Omitting),
        "mallgen_runtime.schema.Struct": public(Struct),
        "mallgen_runtime.sql.Model": public(Model) | {"table", "row"},
        "mallgen_runtime.sql.Row": public(Row),
    }
    service = ServiceBase(_Config())
    real["mallgen_runtime.ServiceBase"] = public(ServiceBase) | {name for name in vars(service) if name[0] != "_"}
    assert real == RUNTIME


def public(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_"))
