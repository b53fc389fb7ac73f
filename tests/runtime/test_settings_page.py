"""docs/settings.md has a row for each key of each settings class, with its unit and go-zero's name."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import mallgen_runtime
from mallgen.emit import NAMES_OF_SETTINGS_CLASSES
from mallgen.emit.http.layout import SETTINGS as BLOCK_NAMES
from mallgen.workspace import breaking_settings, config
from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.durations import DurationRule
from mallgen_runtime.process.yaml_values import spelled
from mallgen_runtime.queue import QueueServerConf
from mallgen_runtime.rpc import RpcServerConf
from mallgen_runtime.schema.reflection import fields
from tests.conftest import ROOT
from tests.runtime.test_settings import GO_ZERO, settings_class

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def settings_classes() -> list[Any]:
    """Return all settings classes of the runtime."""
    root = Path(mallgen_runtime.__path__[0])
    for path in root.rglob("*.py"):
        if re.search(r"\bConf\b", path.read_text(encoding="utf-8")):
            import_module(
                ".".join([root.name, *path.relative_to(root).with_suffix("").parts]).removesuffix(".__init__")
            )
    found: list[Any] = []
    left: list[Any] = [Conf]
    while left:
        below = [cls for cls in left.pop().__subclasses__() if cls.__module__.startswith("mallgen_runtime.")]
        found += below
        left += below
    return found


def rows_of(head: str) -> dict[str, list[str]]:
    """Return the cells after the key of each row in the section that has a text above its first table."""
    section = next((part for part in PAGE.split("\n#") if head in part), "")
    table = section.split("\n\n| go-zero's")[0]
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if "| `" in line]
    return {cells[0].strip("| `"): cells[1:] for cells in found}


@pytest.mark.parametrize("cls", settings_classes(), ids=lambda cls: cls.__name__)
def test_each_key_of_a_class_has_its_row(cls: Any) -> None:
    """A new key needs `make pages`; a new number needs its unit in scripts/settings_rows.py."""
    rows = rows_of(f": class `{cls.__name__}`.")
    assert [*rows] == [spelled(field.wire) for field in fields(cls)]
    for field in fields(cls):
        kind, _, unit, since, _ = rows[spelled(field.wire)]
        assert kind
        assert re.fullmatch(r"\d+\.\d+\.\d+", since)
        is_amount = field.kind.origin in (int, float) or field.marker(DurationRule) is not None
        assert bool(unit) == is_amount, f"{cls.__name__}.{field.name}: say its unit in scripts/settings_rows.py"


@pytest.mark.parametrize("block", GO_ZERO)
def test_each_key_that_is_go_zeros_names_it(block: str) -> None:
    """The last column has the key of go-zero's structs."""
    cls = settings_class(block)
    rows = rows_of(f": class `{cls.__name__}`.")
    for key in GO_ZERO[block].split():
        if key in rows:
            assert rows[key][-1].rstrip("`").endswith(f".{key}")


def test_each_key_of_mallgen_toml_has_its_row() -> None:
    """The keys of a service and of `breaking`; there are no others."""
    assert set(rows_of("## `[service.NAME]`")) == config._KEYS
    assert set(rows_of("## `[breaking]`")) == set(breaking_settings._KEYS)


def test_no_block_of_a_contract_takes_the_name_of_a_setting() -> None:
    """`@server (jwt: NAME)` makes a block of settings: one with the name of a key would hide it."""
    assert {name for name in mallgen_runtime.RestConf.__struct_fields__ if name not in BLOCK_NAMES} == set()


def test_no_block_of_a_contract_takes_another_name_of_the_class_of_settings() -> None:
    """A block named like a method would be called in its place."""
    kinds: list[type[Conf]] = [mallgen_runtime.RestConf, RpcServerConf, QueueServerConf]
    others = {name for kind in kinds for name in set(dir(kind)) - set(kind.__struct_fields__)}
    assert {name for name in others if not name.startswith("_")} | {"field"} == NAMES_OF_SETTINGS_CLASSES
