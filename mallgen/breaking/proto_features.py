"""The features of declarations: what `syntax`, `edition` and `features` options say about presence, enums and forms.

https://protobuf.dev/editions/features/
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

Features = Mapping[str, str]
_NEWEST: Features = MappingProxyType(
    {
        "field_presence": "EXPLICIT",
        "enum_type": "OPEN",
        "repeated_field_encoding": "PACKED",
        "utf8_validation": "VERIFY",
        "message_encoding": "LENGTH_PREFIXED",
        "json_format": "ALLOW",
    }
)
_PROTO3: Features = MappingProxyType({**_NEWEST, "field_presence": "IMPLICIT"})
_PROTO2: Features = MappingProxyType(
    {
        **_NEWEST,
        "enum_type": "CLOSED",
        "repeated_field_encoding": "EXPANDED",
        "utf8_validation": "NONE",
        "json_format": "LEGACY_BEST_EFFORT",
    }
)


def file_features(file: "FileDescriptorProto") -> Features:
    """Return the features that all declarations of a file begin with."""
    syntax = file.syntax or "proto2"
    return inner_features({"proto2": _PROTO2, "proto3": _PROTO3}.get(syntax, _NEWEST), file)


def inner_features(around: Features, declared: Any) -> Features:
    """Return the features of a declaration, which overrides some of what is around it."""
    if not declared.HasField("options") or not declared.options.HasField("features"):
        return around
    own = {
        field.name: field.enum_type.values_by_number[value].name
        for field, value in declared.options.features.ListFields()
        if field.enum_type is not None and field.name in around
    }
    return MappingProxyType({**around, **own})
