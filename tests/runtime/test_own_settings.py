"""Settings of the user's own: each type is what it is declared as, or its value is refused with its line."""

from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from msgspec import field

from mallgen_runtime import ConfigError, RestConf
from mallgen_runtime.http.conf import Algorithm, JwtConf
from mallgen_runtime.process.conf import parse
from mallgen_runtime.process.masking import as_file
from mallgen_runtime.rpc import RpcServerConf

HEAD = "Name: a\nPort: 1\n"


class Color(Enum):
    """A choice by value."""

    RED = "red"
    BLUE = "blue"


class Own(RestConf, kw_only=True):
    """Settings with types that no contract has."""

    auth: JwtConf = field(default_factory=JwtConf)
    kind: Literal["a", "1"] = "a"
    kinds: list[Literal["a", "b"]] = field(default_factory=list)
    level: Literal[1, 2] = 1
    color: Color = Color.RED
    day: date | None = None
    folder: Path = Path("data")
    rate: Decimal = Decimal(1)
    pair: tuple[int, str] = (0, "")
    some: set[str] = field(default_factory=set)


class Either(RestConf, kw_only=True):
    """Settings with a field of two types."""

    both: int | str = 0


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Kind: 1", "kind", "1"),
        ("Kinds: [b, a]", "kinds", ["b", "a"]),
        ("Level: 2", "level", 2),
        ("Color: blue", "color", Color.BLUE),
        ("Day: 2026-01-31", "day", date(2026, 1, 31)),
        ("Day:", "day", None),
        ("Folder: /srv/files", "folder", Path("/srv/files")),
        ("Rate: 0.1", "rate", Decimal("0.1")),
        ("Pair: [1, b]", "pair", (1, "b")),
        ("Some: [a, a]", "some", {"a"}),
    ],
)
def test_a_value_is_of_its_type(text: str, name: str, value: object) -> None:
    made = parse(Own, HEAD + text, "a.yaml").config
    assert getattr(made, name) == value
    assert type(getattr(made, name)) is type(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Kind: c", "Kind must be one of a, 1"),
        ("Kinds: [a, c]", "Kinds[1] must be one of a, b"),
        ("Level: 3", "Level must be one of 1, 2"),
        ("Color: RED", "Color must be one of red, blue"),
        ("Day: 2026-21-31", "Day must be a date, as 2026-01-31"),
        ("Folder: [a]", "Folder must be a path"),
        ("Rate: x", "Rate must be a number"),
        ("Pair: [1]", "Pair must be a list of other values, or of another length"),
        ("Some: a", "Some must be a list, or of other values"),
        ("CertFile: /a", "CertFile: KeyFile is not set, and TLS needs both CertFile and KeyFile"),
        ("ClientCAFile: /a", "ClientCAFile: CertFile is not set, and TLS needs both CertFile and KeyFile"),
        ("Compat: gozer", "Compat must be empty or one of gozero"),
        ("DevServer: {Port: 99999}", "DevServer.Port must be from 0 to 65535"),
        ("Auth: {Algorithms: [none]}", f"Auth.Algorithms[0] must be one of {', '.join(get_args(Algorithm))}"),
        ("Uploads: {Folder: /nowhere}", "Uploads: Folder is /nowhere, which is no folder that can be written to"),
        ("Signature: {Expiry: 5}", "Signature.Expiry is '5'; a duration is written as 500ms, 2s or 1m30s"),
    ],
)
def test_another_value_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as found:
        parse(Own, HEAD + text, "a.yaml")
    assert [line.partition(": ")[2] for line in found.value.problems] == [reason]


def test_half_of_tls_and_a_wrong_address_are_told_together() -> None:
    with pytest.raises(ConfigError) as found:
        parse(RpcServerConf, "Name: a\nListenOn: x\nKeyFile: /a\n", "a.yaml")
    assert [line.partition(" ")[0] for line in found.value.problems] == ["a.yaml:2:", "a.yaml:3:"]


def test_a_field_of_two_types_is_told() -> None:
    with pytest.raises(ConfigError, match=r"a.yaml: Either of config.py cannot be read: int \| str has more than one"):
        parse(Either, HEAD, "a.yaml")


def test_what_is_printed_is_read_as_the_same() -> None:
    given = "Kind: 1\nColor: blue\nDay: 2026-01-31\nFolder: /srv\nRate: 0.10\nPair: [1, b]\nSome: [a]\n"
    made: Any = parse(Own, HEAD + given, "a.yaml").config
    import yaml

    assert parse(Own, yaml.safe_dump(as_file(made)), "b.yaml").config == made
