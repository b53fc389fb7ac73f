"""How the back office lists, shows and changes admin_audit."""

from collections.abc import AsyncIterator
from datetime import datetime

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, text_of

from order_admin.model.admin_audit_model import AdminAuditModel
from order_admin.model.admin_audit_model_gen import AdminAuditRow
from order_admin.schemas import (
    AdminAudit,
    ExportAdminAuditRequest,
    ListAdminAuditRequest,
)


def view(row: AdminAuditRow) -> AdminAudit:
    """Return a row as people see it."""
    return AdminAudit(
        id=row.id,
        actor=row.actor,
        request_id=row.request_id,
        action=row.action,
        table_name=row.table_name,
        row_key=row.row_key,
        before_row=row.before_row,
        after_row=row.after_row,
        create_time=text_of(row.create_time),
    )


async def page(
    rows: AdminAuditModel, req: ListAdminAuditRequest
) -> tuple[list[AdminAuditRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(
        req.cursor, req.sort, req.order, req.actor, req.table_name, req.row_key
    )
    falling = req.order == "desc"
    match (req.sort, req.actor, req.table_name, req.row_key):
        case ("id", None, None, None):
            return place.turned(
                await rows.list_by_id(
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", None, str() as table_name, str() as row_key):
            return place.turned(
                await rows.list_by_table_name_row_key(
                    table_name,
                    row_key,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", str() as actor, None, None):
            return place.turned(
                await rows.list_by_actor(
                    actor,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("create_time", None, None, None):
            return place.turned(
                await rows.list_by_create_time(
                    place.opened(tuple[datetime, int]),
                    req.ps,
                    descending=falling,
                )
            )
    ways = (
        "sort=id; "
        "sort=id with table_name, row_key; "
        "sort=id with actor; "
        "sort=create_time"
    )
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "actor",
    "request_id",
    "action",
    "table_name",
    "row_key",
    "before_row",
    "after_row",
    "create_time",
)


def lines(rows: AdminAuditModel, req: ExportAdminAuditRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[AdminAudit], str]:
        asked = ListAdminAuditRequest(
            sort=req.sort,
            order=req.order,
            actor=req.actor,
            table_name=req.table_name,
            row_key=req.row_key,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)
