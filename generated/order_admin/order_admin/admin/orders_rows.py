"""How the back office lists and shows orders."""

from collections.abc import AsyncIterator
from datetime import datetime

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, text_of

from order_admin.model.orders_model import OrdersModel
from order_admin.model.orders_model_gen import OrdersRow
from order_admin.schemas import ExportOrdersRequest, ListOrdersRequest, Orders


def view(row: OrdersRow) -> Orders:
    """Return a row as people see it."""
    return Orders(
        id=row.id,
        userid=row.userid,
        requestid=row.requestid,
        shoppingid=row.shoppingid,
        payment=text_of(row.payment),
        paymenttype=row.paymenttype,
        postage=text_of(row.postage),
        status=row.status,
        payment_time=None if row.payment_time is None else text_of(row.payment_time),
        send_time=None if row.send_time is None else text_of(row.send_time),
        end_time=None if row.end_time is None else text_of(row.end_time),
        close_time=None if row.close_time is None else text_of(row.close_time),
        create_time=text_of(row.create_time),
        update_time=text_of(row.update_time),
    )


async def page(
    rows: OrdersModel, req: ListOrdersRequest
) -> tuple[list[OrdersRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(req.cursor, req.sort, req.order, req.userid, req.status)
    falling = req.order == "desc"
    match (req.sort, req.userid, req.status):
        case ("id", None, None):
            return place.turned(
                await rows.list_by_id(
                    place.single(str),
                    req.ps,
                    descending=falling,
                )
            )
        case ("create_time", int() as userid, None):
            return place.turned(
                await rows.list_by_userid_create_time(
                    userid,
                    place.opened(tuple[datetime, str]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("create_time", int() as userid, int() as status):
            return place.turned(
                await rows.list_by_userid_status_create_time(
                    userid,
                    status,
                    place.opened(tuple[datetime, str]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("create_time", None, int() as status):
            return place.turned(
                await rows.list_by_status_create_time(
                    status,
                    place.opened(tuple[datetime, str]),
                    req.ps,
                    descending=falling,
                )
            )
    ways = (
        "sort=id; "
        "sort=create_time with userid; "
        "sort=create_time with userid, status; "
        "sort=create_time with status"
    )
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "userid",
    "requestid",
    "shoppingid",
    "payment",
    "paymenttype",
    "postage",
    "status",
    "payment_time",
    "send_time",
    "end_time",
    "close_time",
    "create_time",
    "update_time",
)


def lines(rows: OrdersModel, req: ExportOrdersRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[Orders], str]:
        asked = ListOrdersRequest(
            sort=req.sort,
            order=req.order,
            userid=req.userid,
            status=req.status,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)
