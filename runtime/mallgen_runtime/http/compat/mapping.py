"""JSON values into structs by the rules of go-zero's core/mapping; the first mistake ends it."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mallgen_runtime.http.compat.gojson import Number, loads, sound
from mallgen_runtime.http.compat.kinds import GoField, GoKind, go_fields, is_required, kind_of
from mallgen_runtime.http.compat.strconv import GoError, parse_float, parse_int, parse_uint, quote, single
from mallgen_runtime.http.compat.values import GivenBytes, GivenDict, GivenList, plain
from mallgen_runtime.schema import FLOAT32_MAX, UNSET
from mallgen_runtime.schema.reflection import describe

MISMATCH = "type mismatch"
UNSUPPORTED = "unsupported type on setting field value"
RANGE = "wrong number range setting"
_GO_TYPES = {str: "string", Number: "json.Number", bool: "bool", dict: "map[string]interface {}"}
_GO_KINDS = {list: "slice", dict: "map", bool: "bool"}
Absent: Any = object()


class GoPanic(Exception):
    """go-zero panics at this point: the answer is an empty 500."""


def unmarshal(value: Any, cls: Any) -> Any:
    """Return the value of a request's JSON body as `cls`. Raises GoError."""
    kind = kind_of(describe(cls))
    if isinstance(value, dict):
        if kind.name != "struct":
            raise GoError(MISMATCH)
        return fill(kind.type.origin, value, "")
    if isinstance(value, list):
        if kind.name != "slice":
            raise GoError(MISMATCH)
        return fill_slice(kind, value, "")
    raise GoError(UNSUPPORTED)


def fill(cls: Any, values: Mapping[str, Any], full: str) -> Any:
    """Make a struct of an object; `full` is its name within the request."""
    made: dict[str, Any] = {}
    open_group: list[GoField] = []
    for field in go_fields(cls):
        if open_group and open_group[0].group != field.group:
            _close_group(open_group, values)
            open_group = []
        if field.group:
            open_group.append(field)
            if lookup(values, field.key) is Absent:
                made[field.name] = field.default() if field.default else field.kind.zero()
                continue
        made[field.name] = _field(field, values, full)
    _close_group(open_group, values)
    return cls(**made)


def _close_group(group: list[GoField], values: Mapping[str, Any]) -> None:
    """The fields of an optional embedded struct are sent all or not at all."""
    given = [field for field in group if lookup(values, field.key) is not Absent]
    if given and len(given) < len(group):
        raise GoError(f"{quote(group[0].group)} is not fully set")


def lookup(values: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key, `Absent` without one; a dot leads into an object."""
    first, dot, rest = key.strip(".").partition(".")
    found = values.get(first, Absent)
    if not dot:
        return found
    return lookup({**values, **found}, rest) if isinstance(found, dict) else Absent


def _field(field: GoField, values: Mapping[str, Any], full: str) -> Any:
    depends = relation(field.key, field.comes_with, field.comes_without, values, full)
    name = f"{full}.{field.key}" if full else field.key
    value = lookup(values, field.key)
    if value is Absent:
        if field.default is not None:
            return field.default()
        return absent(field.kind, name)
    if value is None:
        if depends or field.group or not field.optional:
            raise GoError(f"field {quote(field.key)} mustn't be nil")
        return UNSET if field.default is not None and field.default() is UNSET else field.kind.zero()
    bounds = None if depends else field.kind.bounds
    return _given(field, field.kind._replace(bounds=bounds), value, name)


def relation(key: str, comes_with: str, comes_without: str, values: Mapping[str, Any], full: str) -> bool:
    """Check `optional=other` and `optional=!other`; return whether the field had to come because of the other."""
    if not comes_with and not comes_without:
        return False
    base, own = (comes_with or comes_without) in values, key in values
    if comes_with and base != own:
        raise GoError(
            f"values for {quote(comes_with)} and {quote(key)} should be both provided or both not in {quote(full)}"
        )
    if comes_without and base == own:
        raise GoError(f"set value for either {quote(comes_without)} or {quote(key)} in {quote(full)}")
    return own


def absent(kind: GoKind, name: str) -> Any:
    """Return the value of a required field that was not sent. Raises GoError where there must be one."""
    if kind.name == "map":
        return GivenDict()
    if kind.name in ("slice", "array"):
        raise GoError(f"type mismatch for field {quote(name)}")
    if kind.name == "struct":
        if is_required(kind.type.origin):
            raise GoError(f"{quote(name)} is not set")
        return fill(kind.type.origin, {}, name)
    raise GoError(f"field {quote(name)} is not set")


def _given(field: GoField, kind: GoKind, value: Any, name: str) -> Any:
    text = isinstance(value, str)
    if kind.name == "struct" and isinstance(value, dict):
        return fill(kind.type.origin, value, name)
    if kind.name == "slice" and isinstance(value, list):
        return fill_slice(kind, value, name)
    if kind.name == "map" and isinstance(value, dict):
        return fill_map(kind, value, name)
    if kind.name == "map" and text:
        return map_from_string(kind, value)
    if kind.name == "slice" and text:
        return slice_from_string(kind, value, name)
    if field.quoted and kind.name not in ("slice", "map", "struct", "array"):
        return _from_text(field.key, kind, value)
    return primitive(kind, value, name)


def _from_text(key: str, kind: GoKind, value: Any) -> Any:
    """`,string`: a number may stand in quotation marks or not."""
    if not isinstance(value, str):
        raise GoError(f"the value in map is not string, but {_GO_KINDS.get(type(value), 'map')}")
    if kind.options and value not in kind.options:
        raise GoError(not_an_option(value, key, kind.options))
    made = convert(kind, value)
    in_range(kind, made)
    return made


def not_an_option(value: str, key: str, options: tuple[str, ...]) -> str:
    """Return go-zero's words for text that is no option of its field."""
    return f'value "{value}" for field {quote(key)} is not defined in options "[{" ".join(options)}]"'


def in_range(kind: GoKind, value: Any) -> None:
    """Check `range=[low:high]`. Raises GoError."""
    if kind.bounds is not None and (not isinstance(value, int | float) or not kind.bounds.holds(value)):
        raise GoError(RANGE)


def primitive(kind: GoKind, value: Any, name: str) -> Any:
    """Take a JSON value as a base type."""
    if isinstance(value, Number):
        return _number(kind, value, name)
    same = {"string": str, "bool": bool}.get(kind.name)
    if same is None or type(value) is not same:
        raise GoError(f"type mismatch for field {quote(name)}")
    if kind.options:
        word = str(value).lower() if same is bool else str(value)
        if word not in kind.options:
            shown = f'"{word}"' if same is bool else quote(word)
            raise GoError(f'error: value {shown} is not defined in options "[{" ".join(kind.options)}]"')
    in_range(kind, None if kind.bounds else 0)
    return value


def _number(kind: GoKind, value: Number, name: str) -> Any:
    if kind.bounds is not None:
        in_range(kind, parse_float(value, 64))
    if kind.options and value not in kind.options:
        raise GoError(f'error: value "{value}" is not defined in options "[{" ".join(kind.options)}]"')
    if kind.name == "float32":
        made = parse_float(value, 64)
        if abs(made) > FLOAT32_MAX:
            raise GoError(f"parsing {quote(value)} as float32: value out of range")
        return single(made)
    if kind.bits:
        return convert(kind, value)
    raise GoError(f'type mismatch for field {quote(name)}, expect "{kind.name}", actual "number"')


def convert(kind: GoKind, text: str) -> Any:
    """Read text as a base type, as go-zero's convertTypeFromString. Raises GoError."""
    if kind.name == "string":
        return sound(text)
    if kind.name == "bool":
        if text == "1" or _folds(text, "true"):
            return True
        if text == "0" or _folds(text, "false"):
            return False
        raise GoError(MISMATCH)
    if kind.name.startswith("int") and kind.bits:
        return parse_int(text, kind.bits)
    if kind.name.startswith("uint"):
        return parse_uint(text, kind.bits)
    if kind.name.startswith("float"):
        return parse_float(text, kind.bits)
    raise GoError(UNSUPPORTED)


def _folds(text: str, word: str) -> bool:
    return text.replace("\u017f", "s").lower() == word


def fill_slice(kind: GoKind, value: Any, name: str) -> Any:
    """Make a list of a JSON list, or bytes of one with numbers."""
    if not isinstance(value, list):
        shown = _GO_TYPES.get(type(value), "string")
        raise GoError(f'type mismatch for field {quote(name)}, expect "slice", actual "{shown}"')
    element = kind.element
    made = [_element(element, item, f"{name}[{index}]") for index, item in enumerate(value)]
    if value and all(item is None for item in value):
        return kind.zero()
    return GivenBytes(made) if kind.is_bytes else GivenList(made)


def _element(kind: GoKind, item: Any, name: str) -> Any:
    if item is None:
        return kind.zero()
    if kind.name == "struct":
        if not isinstance(item, dict):
            raise GoError(MISMATCH)
        return fill(kind.type.origin, item, name)
    return fill_slice(kind, item, name) if kind.name == "slice" else slice_value(kind, item, name)


def slice_value(kind: GoKind, item: Any, name: str) -> Any:
    """Take one value of a list: numbers and booleans may be text."""
    if item is None:
        raise GoError("null element for slice")
    if isinstance(item, str):
        return convert(kind, item)
    if isinstance(item, dict):
        if kind.name == "struct":
            return fill(kind.type.origin, item, name)
        if kind.name == "map":
            return fill_map(kind, item, name)
        raise GoError(MISMATCH)
    if kind.name == "interface" or (kind.name == "bool" and isinstance(item, bool)):
        return plain(item)
    raise GoError(MISMATCH)


def slice_from_string(kind: GoKind, text: str, name: str) -> Any:
    """Read a list that came as text: base64 for bytes, JSON otherwise."""
    if kind.is_bytes and not isinstance(text, Number):
        try:
            return GivenBytes(base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True))
        except (binascii.Error, ValueError):
            pass  # go-zero goes on and reads it as JSON
    try:
        found = loads(text.encode("utf-8", "surrogateescape"))
        if not isinstance(found, list) and found is not None:
            word = {dict: "object", bool: "bool", Number: "number"}.get(type(found), "string")
            reason = f"json: cannot unmarshal {word} into Go value of type []interface {{}}"
            raise GoError(f"string: `{text}`, error: `{reason}`")
    except GoError as problem:
        raise GoError(f"fullName: `{name}`, error: `{problem.text}`") from None
    element = kind.element
    made = [slice_value(element, item, name) for item in found or ()]
    return GivenBytes(made) if kind.is_bytes else GivenList(made)


def map_from_string(kind: GoKind, text: str) -> Any:
    """Read an object that came as text."""
    found = loads(text.encode("utf-8", "surrogateescape"))
    if found is None:
        return {}
    if not isinstance(found, dict):
        word = {list: "array", bool: "bool", Number: "number"}.get(type(found), "string")
        raise GoError(
            f"string: `{text}`, error: `json: cannot unmarshal {word} into Go value of type {_go_type(kind)}`"
        )
    return fill_map(kind, found, "")


def _go_type(kind: GoKind) -> str:
    if kind.name == "map":
        return f"map[{kind_of(describe(kind.type.args[0])).name}]{_go_type(kind.element)}"
    if kind.name == "slice":
        return f"[]{_go_type(kind.element)}"
    return {"interface": "interface {}", "struct": f"types.{getattr(kind.type.origin, '__name__', '')}"}.get(
        kind.name, kind.name
    )


def fill_map(kind: GoKind, value: dict[str, Any], name: str) -> Any:
    """Make a map of a JSON object, whose keys are text."""
    element = kind.element
    if kind_of(describe(kind.type.args[0])).name != "string":
        raise GoError(MISMATCH)
    if element.name == "interface":
        return plain(value)
    made: GivenDict[Any] = GivenDict()
    for key, item in value.items():
        made[key] = _map_value(element, item, f"{name}[{key}]")
    return made


def _map_value(kind: GoKind, item: Any, name: str) -> Any:
    if kind.name == "slice":
        if item is None:
            raise GoPanic("a list of a map is null")
        return fill_slice(kind, item, name)
    if kind.name in ("struct", "map"):
        if not isinstance(item, dict):
            raise GoError(MISMATCH)
        return fill(kind.type.origin, item, name) if kind.name == "struct" else fill_map(kind, item, name)
    if isinstance(item, Number):
        return convert(kind, item)
    if (kind.name, type(item)) in (("bool", bool), ("string", str)):
        return item
    raise GoError(MISMATCH)
