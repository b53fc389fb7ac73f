"""How the back office lists and shows orderitem."""

from collections.abc import AsyncIterator

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, text_of

from order_admin.model.orderitem_model import OrderitemModel
from order_admin.model.orderitem_model_gen import OrderitemRow
from order_admin.schemas import (
    ExportOrderitemRequest,
    ListOrderitemRequest,
    Orderitem,
)


def view(row: OrderitemRow) -> Orderitem:
    """Return a row as people see it."""
    return Orderitem(
        id=row.id,
        orderid=row.orderid,
        userid=row.userid,
        proid=row.proid,
        proname=row.proname,
        proimage=row.proimage,
        currentunitprice=text_of(row.currentunitprice),
        quantity=row.quantity,
        totalprice=text_of(row.totalprice),
        create_time=text_of(row.create_time),
        update_time=text_of(row.update_time),
    )


async def page(
    rows: OrderitemModel, req: ListOrderitemRequest
) -> tuple[list[OrderitemRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(
        req.cursor, req.sort, req.order, req.orderid, req.userid, req.proid
    )
    falling = req.order == "desc"
    match (req.sort, req.orderid, req.userid, req.proid):
        case ("id", None, None, None):
            return place.turned(
                await rows.list_by_id(
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", str() as orderid, None, None):
            return place.turned(
                await rows.list_by_orderid(
                    orderid,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", None, int() as userid, None):
            return place.turned(
                await rows.list_by_userid(
                    userid,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", None, None, int() as proid):
            return place.turned(
                await rows.list_by_proid(
                    proid,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
    ways = (
        "sort=id; "
        "sort=id with orderid; "
        "sort=id with userid; "
        "sort=id with proid"
    )
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "orderid",
    "userid",
    "proid",
    "proname",
    "proimage",
    "currentunitprice",
    "quantity",
    "totalprice",
    "create_time",
    "update_time",
)


def lines(rows: OrderitemModel, req: ExportOrderitemRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[Orderitem], str]:
        asked = ListOrderitemRequest(
            sort=req.sort,
            order=req.order,
            orderid=req.orderid,
            userid=req.userid,
            proid=req.proid,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)
