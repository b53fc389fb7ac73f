"""Values of settings that have the right type and still cannot be used, found when the file is read."""

from collections.abc import Iterator
from typing import Any

import msgspec

from mallgen_runtime.process.durations import DurationRule, wrong_duration
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.yaml_values import YamlValues, spelled
from mallgen_runtime.schema.decoding import Wrong, convert
from mallgen_runtime.schema.reflection import Type, describe, fields, is_struct

_NO_BLOCK = "***"


def note_unusable(config: Any, plain: YamlValues) -> None:
    """Note a problem for each value that cannot be used, at its place in the file."""
    for name, block in _blocks(config, ""):
        cls: Any = type(block)
        for field in fields(cls):
            rule, value = field.marker(DurationRule), getattr(block, field.name)
            reason = wrong_duration(value, rule) if rule is not None and isinstance(value, str) else ""
            if reason:
                plain.wrong(f"{name}.{field.wire}" if name else field.wire, reason)
        is_whole = all(getattr(block, field.name) is not None for field in fields(cls) if field.default is None)
        try:
            if hasattr(block, "check_settings") and (is_whole or not name):  # no check asks for a name or a port
                block.check_settings(spelled(name))
        except ConfigError as problem:
            for line in problem.problems:
                plain.refused(name, line)


def note_missing(kind: Any, values: dict[str, Any], plain: YamlValues) -> set[str]:
    """Note a problem for each block that is missing and has no default, as that needs a variable of the environment.

    Return their names. Each gets a value that is none, so that what else is wrong is found.
    """
    missing: set[str] = set()
    for field in fields(kind):
        if values.get(field.wire) is None and field.default is not None:
            try:
                field.default()
            except ConfigError as problem:
                values[field.wire] = _NO_BLOCK
                missing.add(field.wire)
                for line in problem.problems:
                    plain.refused("", line)
    return missing


def salvaged(kind: Any, values: dict[str, Any]) -> Any:
    """Return the settings with defaults in the place of wrong values, or None where there is no default."""
    good: dict[str, Any] = {}
    for field, info in zip(fields(kind), msgspec.structs.fields(kind), strict=True):
        value = values.get(field.wire)
        found = _salvaged(field.kind, info.type, value) if value is not None else None
        if found is not None or field.default is None or value == _NO_BLOCK:
            good[field.name] = found
    return kind(**good)


def _salvaged(kind: Type, annotation: Any, value: Any) -> Any:
    """Return a value as its type, None where it is none."""
    if is_struct(kind.origin) and isinstance(value, dict):
        return salvaged(kind.origin, value)
    if kind.origin is list and kind.args and isinstance(value, list):
        inner = describe(kind.args[0])
        return [_salvaged(inner, kind.args[0], item) for item in value]
    try:
        return convert(value, annotation)
    except Wrong:
        return None


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
