"""The tables of a contract as the page of a back office shows them.

A table is what has a route that lists it: `GET PATH` with a field `sort`, which answers `items` and a `cursor`. The
routes that create, show, change, delete and export its rows are found beside it by their paths.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import msgspec

from mallgen.contract.tags import value_of
from mallgen.contract.wire import WireValue, wire_field
from mallgen.emit.admin.columns import SEVERAL
from mallgen.emit.admin.named import named_in
from mallgen.emit.admin.picture import UPLOAD
from mallgen.model import AnyType, Contract, Field, Group, Named, Pointer, Primitive, Route, Slice, Type, TypeRef, peel
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.python.code import PyIdent
from mallgen.python.layout import docstring, lines
from mallgen.python.render import Renderer

_TRAIL = frozenset(("actor", "action", "table_name", "row_key", "before_row", "after_row"))
_CJK = re.compile(r"[\u3400-\u9fff]")
_CLAUSE = re.compile(r"[,，:：;；。、(（-]")
_MOST_LABEL = 12
_MAX = re.compile(r"(?:^|,)max=([0-9]{1,9})(?:,|$)")
_METHODS = {"get": "get", "patch": "update", "put": "update", "delete": "delete"}


class AskedRoute(NamedTuple):
    """A route with its group and the fields of its request by key."""

    group: Group
    route: Route
    asks: dict[str, WireValue]


def page_file(contract: Contract, service: str, package: PyIdent, renderer: Renderer) -> File:
    """Return the module with the description."""
    found = {"service": service, "upload": _upload(contract), "tables": tables(contract)}
    text = renderer.compiled(
        "http/admin_page.py",
        module_docstring=docstring([f"The tables of {service}'s contract, for the page of its back office."], 0),
        page=lines(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"),
    )
    return File(f"{package}/admin_page.py", text, Owner.ALWAYS, Role("admin page"))


def _upload(contract: Contract) -> dict[str, Any] | None:
    """Return the route that takes pictures, with the bytes that one may have, None without one."""
    for group in contract.groups:
        for route in group.routes:
            if route.method == "post" and route.full_path.endswith(UPLOAD):
                return {"path": route.full_path, "roles": list(group.roles), "max": group.max_part_bytes or 0}
    return None


def tables(contract: Contract) -> list[dict[str, Any]]:
    """Return the description of each table, in the order of the contract's routes."""
    types = {one.name: one for one in contract.types}
    found = [
        AskedRoute(group, route, _asked(types, route))
        for group in sorted(contract.groups, key=lambda group: group.span)
        for route in group.routes
        if not route.websocket and not group.sse
    ]
    listed = ((one, _item(types, one)) for one in found)
    return [_table(contract, one, item, found) for one, item in listed if item is not None]


def _asked(types: dict[str, Type], route: Route) -> dict[str, WireValue]:
    """Return the fields of a request by their key, the one in a path or query before that of a body."""
    request = _named(types, route.request)
    values = [value for field in request.fields for value in wire_field(field).values] if request else []
    return {value.key: value for value in reversed(values) if value.source != "header"}


def _named(types: dict[str, Type], ref: TypeRef | None) -> Type | None:
    inner = peel(ref, Pointer) if ref is not None else None
    return types.get(inner.name) if isinstance(inner, Named) else None


def _item(types: dict[str, Type], one: AskedRoute) -> Type | None:
    """Return the type of a list's rows, None for a route that lists no table."""
    answer = _named(types, one.route.response)
    if one.route.method != "get" or "sort" not in one.asks or answer is None:
        return None
    fields = {value.key: field.type for field in answer.fields for value in wire_field(field).values}
    items = peel(fields["items"], Pointer) if "items" in fields and "cursor" in fields else None
    return _named(types, items.elem) if isinstance(items, Slice) else None


def _table(contract: Contract, one: AskedRoute, item: Type, found: list[AskedRoute]) -> dict[str, Any]:
    path = one.route.full_path
    actions = {"list": one, **_actions(path, found)}
    sort = one.asks["sort"]
    shown = [value for field in item.fields if (value := _json(field)) is not None]
    key = _key(actions)
    known = {value.key for value in shown}
    version = _version(actions, known)
    fields = [_field(contract, value, actions, version) for value in shown]
    fields += [_field(contract, value, actions, version) | {"hidden": True} for value in _only_written(actions, known)]
    pair = one.route.doc_pair("table")  # the table's own name, by which the trail and references know it
    name = pair.value if pair is not None else path.rpartition("/")[2]
    title, help_text = _words(_note(item), name)
    return {
        "name": name,
        "title": title.removesuffix("表").strip() or title,
        "help": help_text,
        "key": key,
        "version": version,
        "is_trail": known >= _TRAIL,
        "fields": fields,
        "filters": [name for name in one.asks if name not in ("sort", "order", "cursor", "ps")][::-1],
        "sorts": list(map(str, sort.options)),
        "sort": str(sort.default or ""),
        "lists": [*_lists(_tag(contract, sort.field))],
        "actions": {verb: _action(each) for verb, each in actions.items()},
    }


def _actions(path: str, found: list[AskedRoute]) -> dict[str, AskedRoute]:
    """Return the routes of a table's rows by what they do."""
    row = re.compile(re.escape(path) + r"(-row|(/:[^/]+)+)")
    actions: dict[str, AskedRoute] = {}
    for one in found:
        method, own = one.route.method, one.route.full_path
        if row.fullmatch(own) and method in _METHODS:
            actions.setdefault(_METHODS[method], one)
        elif own == path and method == "post":
            actions.setdefault("create", one)
        elif (method, own) in (("post", f"{path}-change"), ("get", f"{path}-export")):
            actions.setdefault("change" if method == "post" else "export", one)
    return actions


def _action(one: AskedRoute) -> dict[str, Any]:
    return {"method": one.route.method.upper(), "path": one.route.full_path, "roles": list(one.group.roles)}


def _key(actions: dict[str, AskedRoute]) -> list[str]:
    """Return the fields that find a row, none where no route does."""
    for verb in ("get", "update", "delete"):
        if verb in actions:
            named = re.findall(r"/:([^/]+)", actions[verb].route.full_path)
            return named or [key for key, value in actions[verb].asks.items() if value.source == "form"][::-1]
    return []


def _version(actions: dict[str, AskedRoute], shown: Collection[str]) -> str:
    """Return the field of a row that a change must name and a new row does not have, empty where there is none."""
    if "update" not in actions or "get" not in actions:
        return ""
    given = {*actions["get"].asks, *(actions["create"].asks if "create" in actions else ())}
    needed = (key for key, value in actions["update"].asks.items() if value.required and key in shown)
    return next((key for key in needed if key not in given), "")


def _only_written(actions: dict[str, AskedRoute], known: set[str]) -> Iterator[WireValue]:
    """Yield the fields that requests have and answers do not, such as a password."""
    seen = {*known, "clear"}
    for verb in ("create", "update"):
        for value in reversed(actions[verb].asks.values() if verb in actions else ()):
            if value.key not in seen:
                seen.add(value.key)
                yield value


def _json(field: Field) -> WireValue | None:
    return wire_field(field).of("json")


def _tag(contract: Contract, field: Field) -> str:
    """Return the words of `page` in the tag of a field, wherever the struct that has it was declared."""
    for one in contract.types:
        for member in one.members:
            if member.span == field.span:
                return value_of(member.tag, "page")
    return ""


def _lists(words: str) -> Iterator[dict[str, Any]]:
    """Yield the orders that `id;sales:status` says are served, each with the filters it needs."""
    for part in filter(None, words.split(";")):
        sort, _, needed = part.partition(":")
        yield {"sort": sort, "with": needed.split("+") if needed else []}


def _field(contract: Contract, value: WireValue, actions: dict[str, AskedRoute], version: str) -> dict[str, Any]:
    """Return the description of a field: its look, and what requests may do with it."""
    tag = _tag(contract, value.field).split(",")
    note = _note(value.field)
    label, help_text = _words(note, value.key)
    new, changed = (actions[verb].asks.get(value.key) if verb in actions else None for verb in ("create", "update"))
    many = actions["change"].asks.get(value.key) if "change" in actions and value.key not in SEVERAL else None
    options = next((one.options for one in (value, new, changed, many) if one is not None and one.options), ())
    names = {str(one.value): one.name for one in named_in(note)} if options else {}
    cleared = actions["update"].asks.get("clear") if "update" in actions else None
    rules = (_MAX.search(one.field.validate) for one in (new, changed) if one is not None)
    found = {
        "name": value.key,
        "label": label,
        "help": "" if names else help_text,
        "type": _type(value.field.type),
        "look": next((word for word in tag if word and "=" not in word), ""),
        "refers": next((word.removeprefix("refers=") for word in tag if word.startswith("refers=")), ""),
        "options": [{"value": one, "name": names.get(str(one), str(one))} for one in options],
        "max": next((int(rule[1]) for rule in rules if rule), 0),
        "create": "" if new is None else "required" if new.required else "optional",
        "update": changed is not None and changed.source == "json" and value.key != version,
        "clear": cleared is not None and value.key in cleared.options,
        "set": many is not None,
    }
    return {name: told for name, told in found.items() if told}


def _note(one: Type | Field) -> str:
    """Return the comments of a struct or field as one text."""
    return " ".join(filter(None, (text.strip("/* \t") for text in (*one.docs, one.comment))))


def _words(note: str, name: str) -> tuple[str, str]:
    """Return the label and the help of a comment: its first clause where it is short and Chinese, else the name."""
    plain = name.replace("_", " ").strip()
    label = _CLAUSE.split(note, maxsplit=1)[0].strip()
    if _CJK.search(note) and len(label) <= _MOST_LABEL and label:
        rest = note.removeprefix(label).strip(" ,，:：;；。、-")
        return label, rest
    return plain[:1].upper() + plain[1:], note


def _type(ref: TypeRef) -> str:
    """Return the type of a field for people: text, int, number, bool, list or json."""
    inner = peel(ref, Pointer)
    if isinstance(inner, Slice) and peel(inner.elem, Pointer) == Primitive("string"):
        return "list"
    if isinstance(inner, AnyType) or not isinstance(inner, Primitive):
        return "json"
    kinds = {"string": "text", "bool": "bool", "float32": "number", "float64": "number"}
    return kinds.get(inner.name, "int")
