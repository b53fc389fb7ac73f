"""The custom options of declarations, as texts and numbers by their path: `(buf.validate.field).string.max_len`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoFile


class CustomOptions:
    """Reads the custom options of one version's protos, which define them."""

    def __init__(self, files: "tuple[ProtoFile, ...]") -> None:
        self._files = files
        self._classes: dict[str, Any] = {}
        self._pool: Any = None

    def of(self, declared: Any) -> dict[str, object]:
        """Return the custom options of a message or field."""
        return self.of_options(declared.options) if declared.HasField("options") else {}

    def of_options(self, options: Any) -> dict[str, object]:
        """Return the custom ones of some options."""
        return dict(_extensions(self._read(options)))

    def features(self, declared: Any) -> dict[str, object]:
        """Return the features of a field that belong to one language: `(pb.cpp).string_type`."""
        if not declared.HasField("options") or not declared.options.HasField("features"):
            return {}
        known = self._read(declared.options)
        return dict(_extensions(known.features)) if known is not None else {}

    def _read(self, options: Any) -> Any:
        known = self._class(options.DESCRIPTOR.full_name) if options.ByteSize() else None
        return known.FromString(options.SerializeToString()) if known is not None else None

    def _class(self, name: str) -> Any:
        """Return the class of options that knows the extensions of the protos, None where they extend nothing."""
        from google.protobuf.descriptor_pool import DescriptorPool
        from google.protobuf.message_factory import GetMessageClass

        if self._pool is None:
            self._pool = DescriptorPool()
            for file in self._files:
                self._pool.AddSerializedFile(file.descriptor.SerializeToString())
        if name not in self._classes:
            has_options = any(file.name == "google/protobuf/descriptor.proto" for file in self._files)
            self._classes[name] = GetMessageClass(self._pool.FindMessageTypeByName(name)) if has_options else None
        return self._classes[name]


def _extensions(options: Any) -> Iterator[tuple[str, object]]:
    for field, value in options.ListFields() if options is not None else ():
        if field.is_extension:
            yield from _flat(f"({field.full_name})", field, value)


def _flat(path: str, field: Any, value: Any) -> Iterator[tuple[str, object]]:
    """Yield the values in an option, each with its path."""
    if field.is_repeated:
        yield path, tuple(_plain(field, one) for one in value)
    elif field.message_type is not None:
        found = value.ListFields()
        for inner, part in found:
            yield from _flat(f"{path}.{inner.name}", inner, part)
        if not found:
            yield path, True
    else:
        yield path, _plain(field, value)


def _plain(field: Any, value: Any) -> object:
    """Return a text, number or boolean; the name of an enum's value; a message as protobuf prints it."""
    if field.message_type is not None:
        return str(value).strip() if not isinstance(value, str) else value
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known is not None else value
    return value
