"""Rules about files and packages of protos."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mallgen.breaking import ERROR, SOURCE, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_match import is_new_major
from mallgen.breaking.proto_tree import EDITION, OPTIONS, PACKAGE, SYNTAX
from mallgen.rules import Finding
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoFile

_OPTIONS = (
    *("java_package", "java_outer_classname", "java_multiple_files", "java_string_check_utf8", "java_generic_services"),
    *("optimize_for", "go_package", "cc_generic_services", "cc_enable_arenas", "py_generic_services"),
    *("objc_class_prefix", "csharp_namespace", "swift_prefix", "php_class_prefix", "php_namespace"),
    *("php_metadata_namespace", "ruby_package"),
)
_GRAVE = ("go_package", "py_generic_services")  # the languages of services that goctl and mallgen make


@proto_rule("proto-file-removed", ERROR, SOURCE)
def proto_file_removed(change: ProtoChange) -> Iterator[Finding]:
    """A file is gone, or has another name: source that imports it, or the module made of it, breaks.

    What it declared may live on in other files, which is the same on the wire. Keep a file of the old name that has
    `import public` of the new one.
    """
    roots = {file.name for file in change.old.roots} if len(change.old.roots) == 1 else set()
    for old, new in change.files:
        if (
            old is None
            or old.name in roots
            or change.is_package_gone(old)
            or (new is not None and new.name == old.name)
        ):
            continue
        message = f"file `{old.name}` is `{new.name}` now" if new is not None else f"file `{old.name}` is gone"
        gone = ", ".join(node.full for node in change.gone_types if node.file is old)
        place = change.start(new) if new is not None else change.top(old)
        hint = f'keep `{old.name}` with `import public "{new.name}";`' if new is not None else "keep the file"
        found = change.finding(message, place, hint, change.start(old))
        yield found._replace(facts=(("removes", gone),)) if gone else found


@proto_rule("proto-package-removed", ERROR, WIRE)
def proto_package_removed(change: ProtoChange) -> Iterator[Finding]:
    """A package is gone with all that it declared: calls of its services end with UNIMPLEMENTED.

    Where it had no service, only source breaks.
    """
    new = {file.descriptor.package for file in change.new.files.values()}
    done: set[str] = set()
    for file in change.old.files.values():
        package = file.descriptor.package
        if package in done or package in new or not change.is_package_gone(file):
            continue
        done.add(package)
        files = [one for one in change.old.files.values() if one.descriptor.package == package]
        rpcs = [rpc for one in files for rpc in change.lost_rpcs(one)]
        message = f"package `{package}` is gone"
        level = WIRE if rpcs else SOURCE
        place = change.top(file)
        hint, was = "keep the package beside the new one", _package(file)
        yield change.finding(message, place, hint, was, rpcs, level=level, pair=tuple(rpcs))


@proto_rule("proto-package-changed", ERROR, WIRE)
def proto_package_changed(change: ProtoChange) -> Iterator[Finding]:
    """A file has another package, which is part of every RPC's path: calls of the old one end with UNIMPLEMENTED.

    Where the file has no service, only source breaks. A new major version, `shop.v2` after `shop.v1`, may change
    anything, as long as the old one is served beside it.
    """
    done: set[tuple[str, str]] = set()
    kept = {file.descriptor.package for file in change.new.files.values()}
    for old, new in change.files:
        if old is None or new is None or old.descriptor.package == new.descriptor.package:
            continue
        names = old.descriptor.package, new.descriptor.package
        if names in done:
            continue
        done.add(names)
        rpcs = change.lost_rpcs(old)
        if is_new_major(*names) and not rpcs and any(one.file is old for one in change.old.services.values()):
            continue
        message = f"package `{names[0]}` is `{names[1]}` now"
        hint = f"keep the package `{names[0]}`"
        if is_new_major(*names) and names[0] not in kept:
            message = f"`{names[0]}` is not served any more, only `{names[1]}`"
            hint = f"keep the file of `{names[0]}` beside the new one, and serve both"
        level = WIRE if rpcs else SOURCE
        was = _package(old)
        yield change.finding(message, _package(new), hint, was, rpcs, level=level, pair=tuple(rpcs))


@proto_rule("proto-syntax-changed", ERROR, SOURCE)
def proto_syntax_changed(change: ProtoChange) -> Iterator[Finding]:
    """A file has another syntax or edition: presence of fields and unknown values of enums follow other rules.

    Generated code has other methods, such as `HasField`. Change it with a new major version.
    """
    for old, new in change.file_pairs:
        before, after = _syntax(old), _syntax(new)
        if before == after:
            continue
        message = f"`{new.name}` has {after} now, and had {before}"
        count = sum(1 for pair in change.presence_changes if pair.new is not None and pair.new.file is new)
        found = change.finding(message, _at(new, SYNTAX, EDITION), f"keep {before}", _at(old, SYNTAX, EDITION))
        yield found._replace(facts=(("presence", f"changes in {count} fields"),)) if count else found


@proto_rule("proto-file-option-changed", WARNING, SOURCE)
def proto_file_option_changed(change: ProtoChange) -> Iterator[Finding]:
    """A file has another option for a language: its generated code has another package or other names.

    `go_package` and `py_generic_services` are errors, as services in these languages import what they name.
    """
    for old, new in change.file_pairs:
        for name in _OPTIONS:
            before, after = (getattr(file.descriptor.options, name) for file in (old, new))
            if before != after:
                message = f"`{new.name}` has {name} = {_shown(name, new)} now, and had {_shown(name, old)}"
                number = new.descriptor.options.DESCRIPTOR.fields_by_name[name].number
                places = [file.comments.at((OPTIONS, number)) for file in (new, old)]
                places = [_package(new) if places[0] == new.start else places[0], places[1]]
                was = places[1] if places[1] != old.start else None
                severity = ERROR if name in _GRAVE else WARNING
                yield change.finding(message, places[0], f"keep {name}", was, severity=severity)


def _package(file: "ProtoFile") -> Span:
    return _at(file, PACKAGE)


def _at(file: "ProtoFile", *numbers: int) -> Span:
    """Return the place of the first statement that a file has, else its first character."""
    return next((file.comments.at((number,)) for number in numbers if (number,) in file.comments.spans), file.start)


def _syntax(file: "ProtoFile") -> str:
    if file.descriptor.syntax == "editions":
        enum = file.descriptor.DESCRIPTOR.fields_by_name["edition"].enum_type
        assert enum is not None
        return enum.values_by_number[file.descriptor.edition].name.lower().replace("_", " ")
    return file.descriptor.syntax or "proto2"


def _shown(name: str, file: "ProtoFile") -> str:
    """Return an option's value as an author writes it."""
    options: Any = file.descriptor.options
    if not options.HasField(name):
        return "none"
    value = getattr(options, name)
    if isinstance(value, bool):
        return str(value).lower()
    enum = options.DESCRIPTOR.fields_by_name[name].enum_type
    return enum.values_by_number[value].name if enum is not None else f'"{value}"'
