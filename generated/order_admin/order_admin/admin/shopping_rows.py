"""How the back office lists, shows and changes shopping."""

from collections.abc import AsyncIterator

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, given, text_of

from order_admin.model.shopping_model import ShoppingModel
from order_admin.model.shopping_model_gen import ShoppingChanges, ShoppingRow
from order_admin.schemas import (
    ExportShoppingRequest,
    ListShoppingRequest,
    Shopping,
    UpdateShoppingRequest,
)


def view(row: ShoppingRow) -> Shopping:
    """Return a row as people see it."""
    return Shopping(
        id=row.id,
        orderid=row.orderid,
        userid=row.userid,
        receiver_name=row.receiver_name,
        receiver_phone=row.receiver_phone,
        receiver_mobile=row.receiver_mobile,
        receiver_province=row.receiver_province,
        receiver_city=row.receiver_city,
        receiver_district=row.receiver_district,
        receiver_address=row.receiver_address,
        create_time=text_of(row.create_time),
        update_time=text_of(row.update_time),
    )


async def page(
    rows: ShoppingModel, req: ListShoppingRequest
) -> tuple[list[ShoppingRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(req.cursor, req.sort, req.order, req.orderid, req.userid)
    falling = req.order == "desc"
    match (req.sort, req.orderid, req.userid):
        case ("id", None, None):
            return place.turned(
                await rows.list_by_id(
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", str() as orderid, None):
            return place.turned(
                await rows.list_by_orderid(
                    orderid,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", None, int() as userid):
            return place.turned(
                await rows.list_by_userid(
                    userid,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
    ways = "sort=id; " "sort=id with orderid; " "sort=id with userid"
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "orderid",
    "userid",
    "receiver_name",
    "receiver_phone",
    "receiver_mobile",
    "receiver_province",
    "receiver_city",
    "receiver_district",
    "receiver_address",
    "create_time",
    "update_time",
)


def lines(rows: ShoppingModel, req: ExportShoppingRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[Shopping], str]:
        asked = ListShoppingRequest(
            sort=req.sort,
            order=req.order,
            orderid=req.orderid,
            userid=req.userid,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)


def changes(req: UpdateShoppingRequest) -> ShoppingChanges:
    """Return the columns that a request changes. Raises ApiError where there is none."""
    pairs = (
        ("receiver_name", req.receiver_name),
        ("receiver_phone", req.receiver_phone),
        ("receiver_mobile", req.receiver_mobile),
        ("receiver_province", req.receiver_province),
        ("receiver_city", req.receiver_city),
        ("receiver_district", req.receiver_district),
        ("receiver_address", req.receiver_address),
    )
    found = given(ShoppingChanges, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request changes no field")
    return found
