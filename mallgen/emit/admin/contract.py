"""The `.api` contract of an admin service."""

from collections.abc import Container, Iterable, Iterator

from mallgen.emit.admin import account, picture
from mallgen.emit.admin.columns import AdminField, AdminTable
from mallgen.tables.model import Base

_READING = ("list", "export", "get")
MOST_ROWS = 100  # of one page, and of one change of several


def contract(service: str, tables: Iterable[AdminTable]) -> str:
    """Return the text of the contract; the formatter lays it out."""
    parts = [account.types(), account.routes(service), picture.types(), picture.routes(service)]
    tables = [*tables]
    names = {title(one) for one in tables}
    parts += [part for one in tables for part in (_types(one, names), *_services(service, one))]
    info = f'info (\n\ttitle: "{service}"\n\tadminPage: "true"\n)'
    return "\n\n".join(['syntax = "v1"', info, *parts, _page(service)]) + "\n"


def _page(service: str) -> str:
    """Return the route by which the page learns what the contract has."""
    lines = '\t@doc "what the page shows"\n\t@handler AdminPage\n\tget /admin-page'
    return f"@server (\n\tprefix: /v1\n\tjwt: Auth\n)\nservice {service} {{\n{lines}\n}}"


def stem(one: AdminTable) -> str:
    """Return the word that types and handlers of a table end with."""
    return str(one.names.stem)


def path(one: AdminTable) -> str:
    """Return the path of a table's rows; dashes, as in the paths beside it."""
    return f"/{one.names.module.replace('_', '-')}"


def title(one: AdminTable) -> str:
    """Return the table's name for messages."""
    return one.table.name


def _types(one: AdminTable, tables: Container[str]) -> str:
    name = stem(one)
    blocks = [_struct(name, _answer(one, tables), one.table.comment)]
    blocks.append(_struct(f"List{name}Request", [*_asked(one), *_paged()]))
    items = [f'Items []*{name} `json:"items"`', 'Cursor string `json:"cursor"` // empty on the last page']
    blocks.append(_struct(f"List{name}Response", items))
    blocks.append(_struct(f"Export{name}Request", _asked(one)))
    blocks.append(_struct(f"Get{name}Request", _path(one)))
    if one.missing is None:
        blocks.append(_struct(f"Create{name}Request", [_given(field, is_new=True) for field in one.new]))
    if one.changed:
        blocks.append(_struct(f"Update{name}Request", [*_path(one), *_changes(one)]))
    if not one.is_fixed:
        blocks.append(_struct(f"Delete{name}Request", [*_path(one), *_version(one, "form")]))
    if not one.is_fixed and len(one.key) == 1:
        blocks.append(_struct(f"Change{name}Request", _several(one)))
        blocks.append(_struct(f"Change{name}Response", ['Changed int64 `json:"changed"` // rows that there were']))
    return "type (\n" + "\n\n".join(blocks) + "\n)"


def _struct(name: str, lines: Iterable[str], comment: str = "") -> str:
    note = " ".join("".join(c if c.isprintable() else " " for c in comment).split())
    inner = "\n".join(f"\t\t{line}" for line in lines)
    return (f"\t// {note}\n" if note else "") + f"\t{name} {{\n{inner}\n\t}}"


def _answer(one: AdminTable, tables: Container[str]) -> Iterator[str]:
    for field in one.fields:
        optional = ",optional" if field.column.nullable else ""
        star = "*" if field.is_nullable and not field.kind.startswith("[]") else ""
        look = f' page:"{words}"' if (words := one.look(field, tables)) else ""
        yield f'{field.go} {star}{field.kind} `json:"{field.key}{optional}"{look}`{_note(field)}'


def _asked(one: AdminTable) -> Iterator[str]:
    for field in one.filters:
        rule = _rule(field, "omitempty,")
        yield f'{field.go} *{field.kind} `form:"{field.key},optional{_options(field)}"{rule}`{_note(field)}'
    sorts = [field.key for field in one.sorts]
    served = f' page:"{_served(one)}"' if one.lists else ""
    yield f'Sort string `form:"sort,default={sorts[0]},options={"|".join(sorts)}"{served}`'
    yield 'Order string `form:"order,default=asc,options=asc|desc"`'


def _served(one: AdminTable) -> str:
    """Return the orders that indexes serve, each with the filters that it needs: `id;sales:status`."""
    found = []
    for listed in one.lists:
        equal = "+".join(one.field(name).key for name in listed.equal)
        found.append(f"{one.field(listed.by[0]).key}{':' if equal else ''}{equal}")
    return ";".join(found)


def _paged() -> tuple[str, ...]:
    return (
        'Cursor string `form:"cursor,optional"` // that of the page before',
        f'Ps int64 `form:"ps,default=20,range=[1:{MOST_ROWS}]"` // rows of a page',
    )


def _path(one: AdminTable) -> list[str]:
    source = "form" if _has_text_key(one) else "path"
    return [f'{field.go} {field.kind} `{source}:"{field.key}"{_rule(field)}`{_note(field)}' for field in one.key]


def _has_text_key(one: AdminTable) -> bool:
    """Return whether a row's key may have a slash, which no part of a path can have."""
    return any(field.column.type.base is Base.TEXT for field in one.key)


def _given(field: AdminField, is_new: bool) -> str:
    """Return the line of a field that a request writes."""
    column = field.column
    needed = is_new and column.default is None and not column.nullable
    is_open = field.kind == "interface{}" or field.kind.startswith("[]")
    star = "" if needed or is_open else "*"
    words = "" if needed else ",optional"
    rule = _rule(field, "" if needed else "omitempty,")
    return f'{field.go} {star}{field.kind} `json:"{field.key}{words}{_options(field)}"{rule}`{_note(field)}'


def _rule(field: AdminField, words: str = "") -> str:
    """Return the tag with the most characters that a column takes, empty where it has no bound."""
    is_bounded = field.column.type.base is Base.TEXT and field.column.type.length > 0
    return f' validate:"{words}max={field.column.type.length}"' if is_bounded else ""


def _changes(one: AdminTable) -> Iterator[str]:
    for field in one.changed:
        yield _given(field, is_new=False)
    yield from _version(one, "json")
    if names := [field.key for field in one.changed if field.column.nullable]:
        yield f'Clear []string `json:"clear,optional,options={"|".join(names)}"` // fields that are to be empty'


def _version(one: AdminTable, source: str) -> list[str]:
    if not one.table.version:
        return []
    field = one.field(one.table.version)
    return [f'{field.go} {field.kind} `{source}:"{field.key}"` // that of the row which was changed']


def _several(one: AdminTable) -> Iterator[str]:
    yield f'Keys []{one.key[0].kind} `json:"keys" validate:"min=1,max={MOST_ROWS},unique"`'
    actions = ["delete", *(["set"] if one.settable else [])]
    yield f'Action string `json:"action,options={"|".join(actions)}"`'
    for field in one.settable:
        yield f'{field.go} *{field.kind} `json:"{field.key},optional{_options(field)}"`{_note(field)}'


def _options(field: AdminField) -> str:
    return f",options={'|'.join(field.options)}" if field.options else ""


def _note(field: AdminField) -> str:
    return f" // {field.note}" if field.note else ""


def routes(one: AdminTable) -> list[tuple[str, str, str, str, str]]:
    """Return verb, handler, method, path and answer of the routes of a table."""
    name, rows = stem(one), path(one)
    row = f"{rows}-row" if _has_text_key(one) else rows + "".join(f"/:{field.key}" for field in one.key)
    found = [("list", f"List{name}", "get", rows, f"List{name}Response")]
    found.append(("export", f"Export{name}", "get", f"{rows}-export", ""))
    found.append(("get", f"Get{name}", "get", row, name))
    found += [("create", f"Create{name}", "post", rows, name)] if one.missing is None else []
    found += [("update", f"Update{name}", "patch", row, name)] if one.changed else []
    if one.is_fixed:
        return found
    found.append(("delete", f"Delete{name}", "delete", row, ""))
    if len(one.key) == 1:
        found.append(("change", f"Change{name}", "post", f"{rows}-change", f"Change{name}Response"))
    return found


def _services(service: str, one: AdminTable) -> Iterator[str]:
    """Yield the group of the routes that read, for a role if there is one, and that of the others, for editors."""
    found = routes(one)
    reading = [route for route in found if route[0] in _READING]
    yield _service(service, one, reading, f"\n\troles: {one.role}" if one.role else "")
    if changing := found[len(reading) :]:
        yield _service(service, one, changing, "\n\troles: editor")


def _service(service: str, one: AdminTable, found: Iterable[tuple[str, str, str, str, str]], roles: str) -> str:
    lines = []
    for verb, handler, method, where, answer in found:
        words = f'"{verb} {title(one)}"'
        pairs = ['status: "201"'] if verb == "create" else []
        pairs += [f'table: "{title(one)}"'] if verb == "list" and title(one) != path(one)[1:] else []
        doc = "".join((" (\n\t\tsummary: ", words, *(f"\n\t\t{pair}" for pair in pairs), "\n\t)"))
        doc = doc if pairs else f" {words}"
        returns = f" returns ({answer})" if answer else ""
        lines.append(f"\t@doc{doc}\n\t@handler {handler}\n\t{method} {where} ({handler}Request){returns}")
    head = f"@server (\n\tprefix: /v1\n\tgroup: {one.names.module}\n\tjwt: Auth{roles}\n)"
    return f"{head}\nservice {service} {{\n" + "\n\n".join(lines) + "\n}"
