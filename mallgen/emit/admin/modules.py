"""The modules of a new admin service that are its own: how rows are listed, shown and changed, and the trail."""

from collections.abc import Iterator, Mapping

from mallgen.emit.admin.columns import AdminField, AdminTable
from mallgen.emit.admin.contract import stem
from mallgen.python.names import Scope
from mallgen.tables.lists import Listed
from mallgen.tables.model import Base

_EXPORTED = 500  # rows of one query of an export
_PAGE_NAMES = frozenset("rows req place falling ways int str bool tuple date datetime time timedelta".split())


def module(package: str, one: AdminTable) -> str:
    """Return the module that says how the rows of a table are listed, shown and changed."""
    name, names = stem(one), one.names
    writes = [
        value for value, is_there in ((names.changes, one.changed), (names.values, one.missing is None)) if is_there
    ]
    runtime = sorted({"PagePlace", "csv_lines", *_helpers(one), *(["given"] if writes else [])})
    model = sorted([*map(str, writes), str(names.row)])
    requests = [f"Export{name}Request", f"List{name}Request", name]
    requests += [f"Create{name}Request"] if one.missing is None else []
    requests += [f"Update{name}Request"] if one.changed else []
    requests += [f"Change{name}Request"] if one.settable else []
    imports = [
        "from collections.abc import AsyncIterator",
        *_standard(one),
        "",
        "from mallgen_runtime import ApiError",
        f"from mallgen_runtime.admin import {', '.join(runtime)}",
        "",
        f"from {package}.model.{names.module}_model import {names.model}",
        f"from {package}.model.{names.module}_model_gen import {', '.join(model)}",
        f"from {package}.schemas import {', '.join(sorted(requests))}",
    ]
    parts = ["\n".join(imports), _view(one), _page(one), _export(one)]
    parts += [_values(one)] if one.missing is None else []
    parts += [_changes(one)] if one.changed else []
    parts += [_marks(one)] if one.settable else []
    return f'"""How the back office lists, shows and changes {one.table.name}."""\n\n' + "\n\n\n".join(parts) + "\n"


def rows_module(one: AdminTable) -> str:
    """Return the name of a table's module."""
    return f"{one.names.module}_rows"


def audit_module(package: str) -> str:
    """Return the module that writes the audit trail."""
    return f'''"""Who changed what: a row beside each change, in its transaction."""

from typing import Any

import msgspec
from mallgen_runtime import Context
from mallgen_runtime.admin import key_text
from mallgen_runtime.sql import Transaction

from {package}.svc import ServiceContext


async def note(
    svc: ServiceContext,
    tx: Transaction,
    ctx: Context,
    action: str,
    table: str,
    *key: Any,
    before: msgspec.Struct | None = None,
    after: msgspec.Struct | None = None,
) -> None:
    """Write the row of a change; what people do not see of a table is in neither of its two states."""
    await svc.admin_audit.within(tx).insert(
        actor=str(ctx.claims.get("sub", "")),
        request_id=ctx.request_id,
        action=action,
        table_name=table,
        row_key=key_text(*key),
        before_row=None if before is None else msgspec.to_builtins(before),
        after_row=None if after is None else msgspec.to_builtins(after),
    )
'''


def _helpers(one: AdminTable) -> set[str]:
    helpers = {"text_of" for field in one.fields if field.is_text}
    return helpers | {"texts_of" for field in one.fields if field.column.type.base is Base.SET}


def _standard(one: AdminTable) -> list[str]:
    """Return the imports that the types of cursors need."""
    used = {one.python(name) for found in one.lists for name in found.by}
    times = sorted(used & {"date", "datetime", "time", "timedelta"})
    found = [f"from datetime import {', '.join(times)}"] if times else []
    found += ["from decimal import Decimal"] if "Decimal" in used else []
    found += ["from typing import Literal"] if any(word.startswith("Literal") for word in used) else []
    return found + (["from uuid import UUID"] if "UUID" in used else [])


def _view(one: AdminTable) -> str:
    lines = "\n".join(f"        {field.attribute}={_shown(field)}," for field in one.fields)
    return (
        f'def view(row: {one.names.row}) -> {stem(one)}:\n    """Return a row as people see it."""\n'
        f"    return {stem(one)}(\n{lines}\n    )"
    )


def _shown(field: AdminField) -> str:
    value = f"row.{field.row}"
    helper = "text_of" if field.is_text else "texts_of" if field.column.type.base is Base.SET else ""
    if not helper:
        return value
    empty = "[]" if helper == "texts_of" else "None"
    return f"{empty} if {value} is None else {helper}({value})" if field.column.nullable else f"{helper}({value})"


def _page(one: AdminTable) -> str:
    name, names = stem(one), one.names
    asked = [f"req.{field.attribute}" for field in one.filters]
    scope = Scope(_PAGE_NAMES)
    local = {field.column.name: scope.add(field.attribute) for field in one.filters}
    cases = "\n".join(line for found in one.lists for line in _case(one, found, local))
    ways = "; ".join(_told(one, found) for found in one.lists)
    return f'''async def page(rows: {names.model}, req: List{name}Request) -> tuple[list[{names.row}], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(req.cursor, {", ".join(["req.sort", "req.order", *asked])})
    falling = req.order == "desc"
    match ({", ".join(["req.sort", *asked])}{"" if asked else ","}):
{cases}
    ways = (
{_wrapped(ways)}
    )
    raise ApiError(400, "no_such_list", f"no index serves this: {{ways}}")'''


def _case(one: AdminTable, found: Listed, local: Mapping[str, str]) -> Iterator[str]:
    """Yield the branch of the list that an index serves; `local` are the variables of columns."""
    kinds = {Base.BOOL: "bool", Base.TEXT: "str"}
    patterns = [f'"{one.field(found.by[0]).key}"']
    for field in one.filters:
        kind = kinds.get(field.column.type.base, "int")
        name = field.column.name
        patterns.append(f"{kind}() as {local[name]}" if name in found.equal else "None")
    cursor = ", ".join(one.python(name) for name in found.by)
    opened = f"place.single({cursor})" if len(found.by) == 1 else f"place.opened(tuple[{cursor}])"
    method = one.names.method("list_by", found.columns, found.word)
    yield f"        case ({', '.join(patterns)}{',' if len(patterns) == 1 else ''}):"
    yield "            return place.turned("
    yield f"                await rows.{method}("
    for name in found.equal:
        yield f"                    {local[name]},"
    yield f"                    {opened},"
    yield "                    req.ps,"
    yield "                    descending=falling,"
    yield "                )"
    yield "            )"


def _told(one: AdminTable, found: Listed) -> str:
    """Return the words for a list in the message about one that no index serves."""
    by = one.field(found.by[0]).key
    equal = ", ".join(one.field(name).key for name in found.equal)
    return f"sort={by} with {equal}" if equal else f"sort={by}"


def _wrapped(text: str) -> str:
    """Return a text as literals, one for each part of a list."""
    parts = text.split("; ")
    return "\n".join(f'        "{part}{"; " if part is not parts[-1] else ""}"' for part in parts)


def _export(one: AdminTable) -> str:
    name = stem(one)
    kept = ["sort=req.sort", "order=req.order", *(f"{f.attribute}=req.{f.attribute}" for f in one.filters)]
    inner = "".join(f"            {word},\n" for word in [*kept, "cursor=cursor", f"ps={_EXPORTED}"])
    names = "".join(f'    "{field.key}",\n' for field in one.fields)
    return f'''COLUMNS = (
{names})


def lines(rows: {one.names.model}, req: Export{name}Request) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[{name}], str]:
        asked = List{name}Request(
{inner}        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)'''


def _values(one: AdminTable) -> str:
    pairs = _pairs(one.new)
    return f'''def values(req: Create{stem(one)}Request) -> {one.names.values}:
    """Return the values of a new row."""
    pairs = (
{pairs}    )
    return given({one.names.values}, pairs)'''


def _changes(one: AdminTable) -> str:
    pairs = _pairs(one.changed)
    cleared = [field for field in one.changed if field.column.nullable]
    renamed = ", ".join(f'"{field.key}": "{field.row}"' for field in cleared if field.key != field.row)
    named = f"({{{renamed}}}.get(name, name) for name in req.clear)" if renamed else "req.clear"
    return f'''def changes(req: Update{stem(one)}Request) -> {one.names.changes}:
    """Return the columns that a request changes. Raises ApiError where there is none."""
    pairs = (
{pairs}    )
    found = given({one.names.changes}, pairs{f", {named}" if cleared else ""})
    if not found:
        raise ApiError(400, "no_change", "the request changes no field")
    return found'''


def _marks(one: AdminTable) -> str:
    return f'''def marks(req: Change{stem(one)}Request) -> {one.names.changes}:
    """Return the columns that a request sets in several rows. Raises ApiError where there is none."""
    pairs = (
{_pairs(one.settable)}    )
    found = given({one.names.changes}, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request sets no field")
    return found'''


def _pairs(fields: tuple[AdminField, ...]) -> str:
    return "".join(f'        ("{field.row}", req.{field.attribute}),\n' for field in fields)
