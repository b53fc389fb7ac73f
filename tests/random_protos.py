"""Random protos as values, and as texts whose declarations are in any order and in one or more files."""

import random
from typing import NamedTuple

RENAMED = "Renamed"  # the end of an enum's new name, which its values do not have
_KINDS = ("int32", "int64", "uint32", "sint64", "fixed32", "double", "bool", "string", "bytes")


class RandomField(NamedTuple):
    """A field: its label, its type as it is written, its name and number."""

    label: str
    kind: str
    name: str
    number: int

    @property
    def text(self) -> str:
        """Return the declaration."""
        return f"{self.label} {self.kind} {self.name} = {self.number};".strip()


class RandomProtos(NamedTuple):
    """The messages with their fields, the enums with the number of their values, and the RPCs with their messages."""

    messages: dict[str, list[RandomField]]
    enums: dict[str, int]
    rpcs: dict[str, tuple[str, str]]

    def files(self, chance: random.Random) -> dict[str, str]:
        """Return the texts of the files: the service in one, the types in it and in another one, which it imports."""
        types = [_message(name, fields, chance) for name, fields in self.messages.items()]
        types += [_enum(name, count, chance) for name, count in self.enums.items()]
        chance.shuffle(types)
        rpcs = [f"  rpc {name}({sides[0]}) returns ({sides[1]});" for name, sides in self.rpcs.items()]
        chance.shuffle(rpcs)
        service = "\n".join(["service Shop {", *rpcs, "}"])
        head = 'syntax = "proto3";\npackage shop;\n'
        if chance.random() < 0.5:
            return {"shop.proto": "\n".join([head, service, *types])}
        return {
            "shop.proto": "\n".join([head, 'import "types.proto";', service]),
            "types.proto": "\n".join([head, *types]),
        }


def random_protos(chance: random.Random) -> RandomProtos:
    """Return protos whose messages refer to each other."""
    names = [f"Type{number}" for number in range(chance.randint(2, 6))]
    enums = {f"Enum{number}": chance.randint(1, 4) for number in range(chance.randint(1, 2))}
    messages = {name: _fields(names, [*enums], chance) for name in names}
    rpcs = {f"Call{number}": (chance.choice(names), chance.choice(names)) for number in range(chance.randint(1, 4))}
    return RandomProtos(messages, enums, rpcs)


def _fields(messages: list[str], enums: list[str], chance: random.Random) -> list[RandomField]:
    numbers = chance.sample(range(1, 100), chance.randint(1, 6))
    found = []
    for at, number in enumerate(numbers):
        kind = chance.choice((*_KINDS, *messages, *enums))
        label = chance.choice(("", "", "optional", "repeated", "map"))
        shown = f"map<{chance.choice(('string', 'int32'))}, {kind}>" if label == "map" else kind
        found.append(RandomField("" if label == "map" else label, shown, f"field{at}", number))
    return found


def _message(name: str, fields: list[RandomField], chance: random.Random) -> str:
    shown = [f"  {field.text}" for field in fields]
    chance.shuffle(shown)
    return "\n".join([f"message {name} {{", *shown, "}"])


def _enum(name: str, count: int, chance: random.Random) -> str:
    stem = name.removesuffix(RENAMED).upper()
    values = [f"  {stem}_{number} = {number};" for number in range(1, count)]
    chance.shuffle(values)
    return "\n".join([f"enum {name} {{", f"  {stem}_0 = 0;", *values, "}"])
