"""Values of settings that have the right type and still cannot be used, found when the file is read."""

from collections.abc import Iterator
from typing import Any

from mallgen_runtime.process.durations import DurationRule, wrong_duration
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.yaml_values import YamlValues, spelled
from mallgen_runtime.schema.reflection import fields, is_struct


def note_unusable(config: Any, plain: YamlValues) -> None:
    """Note a problem for each value that cannot be used, at its place in the file."""
    for name, block in _blocks(config, ""):
        cls: Any = type(block)
        for field in fields(cls):
            rule, value = field.marker(DurationRule), getattr(block, field.name)
            reason = wrong_duration(value, rule) if rule is not None and isinstance(value, str) else ""
            if reason:
                plain.wrong(f"{name}.{field.wire}" if name else field.wire, reason)
        try:
            if hasattr(block, "check"):
                block.check(spelled(name))
        except ConfigError as problem:
            for line in problem.problems:
                plain.refused(name, line)


def _blocks(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each block of settings with its dotted name."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _blocks(item, f"{name}[{number}]")
    elif is_struct(type(value)):
        cls: Any = type(value)
        yield name, value
        for field in fields(cls):
            yield from _blocks(getattr(value, field.name), f"{name}.{field.wire}" if name else field.wire)
