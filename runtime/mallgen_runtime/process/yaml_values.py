"""YAML into plain values with the keys of the settings classes; a key that no class has gives a warning or problem."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import yaml

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.known_keys import Remark, asks, folded, remark_on, remarked
from mallgen_runtime.process.variables import ENVIRONMENT, BadVariable, expand
from mallgen_runtime.schema.other_kinds import is_other
from mallgen_runtime.schema.reflection import Field, Type, describe, fields, is_struct

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST = 100_000  # an alias stands for its whole node each time
_ANYTHING = describe(Any)
_MERGE = "tag:yaml.org,2002:merge"
_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}  # YAML 1.1, as go-zero reads it
_WORDS = {"cacert": "CACert", "id": "ID", "rpc": "RPC", "ca": "CA", "url": "URL", "http": "HTTP"}


class Line(NamedTuple):
    """A message about a line of the file."""

    number: int
    text: str


class YamlValues:
    """The content of a file: `values` for a class, and the `problems` and `warnings` found on the way."""

    def __init__(self, text: str, path: str) -> None:
        """Raises ConfigError when it is not YAML."""
        self._path = path
        self._root = _composed(text, path)
        self._count = 0
        self._lines: dict[str, int] = {}
        self._shown = {"": ""}  # names as the file has them: a key of a map is not a setting's
        self.problems: list[Line] = []
        self.warnings: list[Line] = []
        self._unknown: list[Line] = []

    def values(self, kind: Any) -> dict[str, Any]:
        """Return the values for a class. Raises ConfigError when the file is not a mapping."""
        found = {} if self._root is None else self._value(self._root, describe(kind), "")
        if not isinstance(found, dict):
            raise ConfigError(f"{self._path}:1: the settings must be keys with values")
        lines = self.problems if found.get("strict") is True else self.warnings
        lines += self._unknown
        return found

    def wrong(self, name: str, reason: str) -> None:
        """Note a problem with the value of a dotted name."""
        parent, _, last = name.rpartition(".")
        line = self._lines.get(name, self._lines.get(parent, 1))
        shown = self._shown.get(name) or _below(self._shown.get(parent, spelled(parent)), spelled(last))
        self.problems.append(Line(line, f"{shown or 'the file'} {reason}"))

    def refused(self, name: str, text: str) -> None:
        """Note a problem in the block of a dotted name; its text begins with the key, with those above it or not."""
        key = text.partition(" ")[0].rstrip(":")
        places = {shown: self._lines[own] for own, shown in self._shown.items() if own in self._lines}
        line = places.get(_below(self._shown.get(name, ""), key), places.get(key, self._lines.get(name, 1)))
        self.problems.append(Line(line, text))

    def placed(self, lines: list[Line]) -> tuple[str, ...]:
        """Return lines with file and line number, in the order of the file."""
        return tuple(dict.fromkeys(f"{self._path}:{line.number}: {line.text}" for line in sorted(lines)))

    def _value(self, node: Any, kind: Type, name: str) -> Any:
        self._lines[name] = node.start_mark.line + 1
        self._counted(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, kind, name)
        if isinstance(node, yaml.SequenceNode):
            inner = describe(kind.args[0]) if kind.origin is list and kind.args else _ANYTHING
            return [self._item(item, inner, name, index) for index, item in enumerate(node.value)]
        return self._scalar(node, kind)

    def _item(self, node: Any, kind: Type, name: str, index: int) -> Any:
        self._shown[f"{name}[{index}]"] = f"{self._shown[name]}[{index}]"
        return self._value(node, kind, f"{name}[{index}]")

    def _counted(self, node: Any) -> None:
        self._count += 1
        if self._count > _MOST:
            line = node.start_mark.line + 1
            raise ConfigError(f"{self._path}:{line}: the settings have more than {_MOST} values, aliases written out")

    def _mapping(self, node: Any, kind: Type, name: str) -> dict[str, Any]:
        known = {folded(f.wire): f for f in fields(kind.origin)} if is_struct(kind.origin) else None
        inner = describe(kind.args[1]) if kind.origin is dict and len(kind.args) > 1 else _ANYTHING
        found: dict[str, Any] = {}
        for key, item in self._pairs(node):
            text = _key(key)
            field = known.get(folded(text)) if known is not None else None
            if known is not None:
                self._remark(key, item, kind.origin, field, name)
            if known is not None and field is None:
                continue
            own = field.wire if field else text
            below = _below(name, own)
            shown = self._shown[below] = _below(self._shown[name], spelled(own) if field else own)
            if own in found:
                reason = f"{shown} is given twice, first in line {self._lines[below]}"
                self.problems.append(Line(key.start_mark.line + 1, reason))
                continue
            found[own] = self._value(item, field.kind if field else inner, below)
        return found

    def _pairs(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the keys of a mapping with their values, then those of `<<` that it does not have itself."""
        own = {folded(_key(key)) for key, _ in node.value if key.tag != _MERGE}
        merged: list[Any] = []
        for key, item in node.value:
            if key.tag != _MERGE:
                yield key, item
            else:
                merged += item.value if isinstance(item, yaml.SequenceNode) else [item]
        for source in merged:
            self._counted(source)
            if not isinstance(source, yaml.MappingNode) or source is node:
                self.problems.append(Line(source.start_mark.line + 1, "`<<` takes a mapping, or a list of them"))
                continue
            for key, item in self._pairs(source):
                if folded(_key(key)) not in own:
                    own.add(folded(_key(key)))
                    yield key, item

    def _remark(self, key: Any, item: Any, cls: Any, field: Field | None, name: str) -> None:
        remarks: Mapping[str, Remark] = getattr(cls, "remarks", {})
        text = _key(key)
        if field is None:
            known = [spelled(f.wire) for f in fields(cls)]
            told = remark_on(text, self._untyped(item), known, remarks)
        else:
            remark = next((found for word, found in remarks.items() if folded(word) == folded(text)), None)
            here = remark is not None and remark.honoured and asks(remark, self._untyped(item))
            told = remarked(remark) if remark is not None and here else None
        if told is not None:
            whole = _below(self._shown[name], text[:64])
            lines = self.problems if told.refused else self.warnings if told.known else self._unknown
            text = f"{whole}{': ' if told.known else ' '}{told.text}"
            lines.append(Line(key.start_mark.line + 1, f"{text}; {told.hint}" if told.hint else text))

    def _untyped(self, node: Any) -> Any:
        """Return a value that no class describes: text, lists, mappings by folded keys."""
        self._counted(node)
        if isinstance(node, yaml.MappingNode):
            return {folded(_key(key)): self._untyped(item) for key, item in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self._untyped(item) for item in node.value]
        try:
            return expand(node.value, ENVIRONMENT.get())
        except BadVariable:
            return node.value

    def _scalar(self, node: Any, kind: Type) -> Any:
        if kind.nullable and node.tag.endswith(":null"):
            return None
        try:
            text = expand(node.value, ENVIRONMENT.get())
        except BadVariable as problem:
            self.problems.append(Line(node.start_mark.line + 1, str(problem)))
            return None
        plain = getattr(kind.origin, "plain", "") if is_struct(kind.origin) else ""
        if plain and isinstance(plain, str) and not node.tag.endswith(":null"):
            return {plain: text}
        if kind.origin is str or is_other(kind):
            return None if node.tag.endswith(":null") else text
        if kind.origin in (int, float, bool):
            return _lax(text, kind.origin)
        scalar = yaml.ScalarNode(node.tag, text, node.start_mark, node.end_mark)
        return _LOADER("").construct_object(scalar)


def _below(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _key(node: Any) -> str:
    """Return the text of a key; a list or a block as a key is no setting, and its aliases may make it endless."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "?"


def spelled(name: str) -> str:
    """`order_rpc.max_bytes` → `OrderRPC.MaxBytes`, as files spell it."""
    return ".".join("".join(map(_word, part.split("_"))) for part in name.split("."))


def _word(word: str) -> str:
    return _WORDS.get(word) or word[:1].upper() + word[1:]


def _composed(text: str, path: str) -> Any:
    try:
        return yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise ConfigError(f"{path}:{line}: this is not YAML: {problem.problem}") from None
    except yaml.YAMLError as problem:
        raise ConfigError(f"{path}: this is not YAML: {str(problem).splitlines()[0]}") from None
    except RecursionError:
        raise ConfigError(f"{path}: the settings are nested too deeply") from None


def _lax(text: str, kind: type[Any]) -> Any:
    if kind is bool:
        text = _BOOLEANS.get(text.strip().lower(), text)
    try:
        return msgspec.convert(text.strip(), kind, strict=False)
    except msgspec.ValidationError:
        return text
