"""The logic of a new admin service: it calls the models, and writes the trail in the same transaction."""

import re
from collections.abc import Iterator

from mallgen.emit import LogicBody
from mallgen.emit.admin.columns import AdminField, AdminTable
from mallgen.emit.admin.contract import routes, stem, title
from mallgen.emit.admin.modules import rows_module
from mallgen.python.code import Code

_TYPES = (
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("decimal", "Decimal"),
    ("uuid", "UUID"),
)

_STALE = 'raise ApiError(409, "changed", "somebody else has changed it: read it again")'


def bodies(package: str, one: AdminTable) -> Iterator[tuple[str, LogicBody]]:
    """Yield the logic of each route of a table."""
    makers = {
        "list": _list_body,
        "export": _export_body,
        "get": _get_body,
        "create": _create_body,
        "update": _update_body,
        "delete": _delete_body,
        "change": _change_body,
    }
    for verb, _, method, where, _ in routes(one):
        lines = makers[verb](one)
        text = "\n".join(lines)
        known = (
            ("mallgen_runtime", "ApiError", "("),
            ("mallgen_runtime", "StreamingResponse", "("),
            ("mallgen_runtime.admin", "refusing", "("),
            ("mallgen_runtime.admin", "key_of", "("),
            *((module, name, ",") for module, name in _TYPES),
            (f"{package}.admin", "audit", ".note"),
            (f"{package}.admin", rows_module(one), "."),
        )
        imports = tuple(
            (module, name) for module, name, sign in known if re.search(rf"\b{name}{re.escape(sign)}", text)
        )
        yield f"{method.upper()} /v1{where}", LogicBody(tuple(map(Code, lines)), imports)


def page_body(package: str) -> tuple[str, LogicBody]:
    """Return the logic of the route by which the page learns what the contract has."""
    lines = (Code("return described(PAGE)"),)
    return "GET /v1/admin-page", LogicBody(
        lines, (("mallgen_runtime.admin", "described"), (f"{package}.admin_page", "PAGE"))
    )


def _svc(one: AdminTable) -> str:
    return f"self.svc.{one.attribute}"


def _key(one: AdminTable) -> str:
    """Return the values of a request's key as the model takes them."""
    return ", ".join(_value(one, field, f"req.{field.attribute}") for field in one.key)


def _value(one: AdminTable, field: AdminField, value: str) -> str:
    return f"key_of({one.python(field.column.name)}, {value})" if field.is_text else value


def _version(one: AdminTable) -> str:
    """Return the argument of the version that a request was made from, empty for a table without one."""
    if not one.table.version:
        return ""
    field = one.field(one.table.version)
    return ", " + _value(one, field, f"req.{field.attribute}")


def _keys(one: AdminTable) -> str:
    found = _value(one, one.key[0], "key")
    return "req.keys" if found == "key" else f"[{found} for key in req.keys]"


def _note(one: AdminTable, indent: int, action: str, rest: str) -> str:
    """Return the line that writes the trail of a change."""
    return f'{" " * indent}await audit.note(self.svc, tx, self.ctx, {action}, "{title(one)}", {rest})'


def _row_key(one: AdminTable, row: str) -> str:
    """Return the key of a row as the trail has it: a request may spell it otherwise."""
    return ", ".join(f"{row}.{field.row}" for field in one.key)


def _list_body(one: AdminTable) -> list[str]:
    own = rows_module(one)
    return [
        f"rows, cursor = await {own}.page({_svc(one)}, req)",
        f"items = [{own}.view(row) for row in rows]",
        f"return List{stem(one)}Response(items=items, cursor=cursor)",
    ]


def _export_body(one: AdminTable) -> list[str]:
    own = rows_module(one)
    return [
        f"pieces = {own}.lines({_svc(one)}, req)",
        'answer = StreamingResponse(pieces, content_type="text/csv; charset=utf-8")',
        f'answer.headers["content-disposition"] = \'attachment; filename="{one.names.module}.csv"\'',
        "return answer",
    ]


def _get_body(one: AdminTable) -> list[str]:
    own = rows_module(one)
    return [
        f"row = await {_svc(one)}.find_one({_key(one)})",
        "if row is None:",
        f"    {_gone(one)}",
        f"return {own}.view(row)",
    ]


def _gone(one: AdminTable) -> str:
    return f'raise ApiError(404, "not_found", "there is no such {title(one)}")'


def _old_row(one: AdminTable) -> list[str]:
    """Return the lines that begin a transaction and read the row that it is to change."""
    return [
        "async with self.svc.db.transaction() as tx:",
        f"    rows = {_svc(one)}.within(tx)",
        f"    old = await rows.find_one({_key(one)})",
        "    if old is None:",
        f"        {_gone(one)}",
    ]


def _create_body(one: AdminTable) -> list[str]:
    own = rows_module(one)
    star = "*" if len(one.key) > 1 else ""
    return [
        f"values = {own}.values(req)",
        "async with self.svc.db.transaction() as tx:",
        f"    rows = {_svc(one)}.within(tx)",
        "    with refusing():",
        "        key = await rows.insert(**values)",
        f"    row = await rows.find_one({star}key)",
        "    if row is None:",
        f"        {_gone(one)}",
        f"    after = {own}.view(row)",
        _note(one, 4, '"create"', f"{_row_key(one, 'row')}, after=after"),
        "return after",
    ]


def _update_body(one: AdminTable) -> list[str]:
    own = rows_module(one)
    version = _version(one)
    stale = _STALE if version else _gone(one)
    return [
        f"changes = {own}.changes(req)",
        *_old_row(one),
        "    with refusing():",
        f"        is_done = await rows.update({_key(one)}{version}, **changes)",
        f"    new = await rows.find_one({_key(one)})",
        "    if new is None or not is_done:",
        f"        {stale}",
        f"    before, after = {own}.view(old), {own}.view(new)",
        _note(one, 4, '"update"', f"{_row_key(one, 'old')}, before=before, after=after"),
        "return after",
    ]


def _delete_body(one: AdminTable) -> list[str]:
    own = rows_module(one)
    version = _version(one)
    return [
        *_old_row(one),
        "    with refusing():",
        f"        is_done = await rows.delete({_key(one)}{version})",
        "    if not is_done:",
        f"        {_STALE if version else _gone(one)}",
        f"    before = {own}.view(old)",
        _note(one, 4, '"delete"', f"{_row_key(one, 'old')}, before=before"),
        "return None",
    ]


def _change_body(one: AdminTable) -> list[str]:
    own, name = rows_module(one), stem(one)
    lines = ["count = 0"]
    stale = ["        if not is_done:", f"            {_STALE}"]
    version = f", old.{one.field(one.table.version).row}" if one.table.version else ""
    if one.settable:
        lines.append(f'changes = {own}.marks(req) if req.action == "set" else None')
    lines += [
        "async with self.svc.db.transaction() as tx:",
        f"    rows = {_svc(one)}.within(tx)",
        f"    for old in await rows.find_many({_keys(one)}):",
        f"        key, before = old.{one.key[0].row}, {own}.view(old)",
        "        with refusing():",
    ]
    if one.settable:
        lines += [
            "            if changes is None:",
            f"                is_done = await rows.delete(key{version})",
            "            else:",
            f"                is_done = await rows.update(key{version}, **changes)",
            *stale,
            "        new = await rows.find_one(key)",
            f"        after = None if new is None else {own}.view(new)",
            _note(one, 8, "req.action", "key, before=before, after=after"),
        ]
    else:
        lines += [
            f"            is_done = await rows.delete(key{version})",
            *stale,
            _note(one, 8, "req.action", "key, before=before"),
        ]
    lines += ["        count += 1", f"return Change{name}Response(changed=count)"]
    return lines
