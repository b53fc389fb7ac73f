"""How the back office lists, shows and changes banner."""

from collections.abc import AsyncIterator

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, given, text_of

from product_admin.model.banner_model import BannerModel
from product_admin.model.banner_model_gen import BannerChanges, BannerRow, BannerValues
from product_admin.schemas import (
    Banner,
    ChangeBannerRequest,
    CreateBannerRequest,
    ExportBannerRequest,
    ListBannerRequest,
    UpdateBannerRequest,
)


def view(row: BannerRow) -> Banner:
    """Return a row as people see it."""
    return Banner(
        id=row.id,
        name=row.name,
        image_url=row.image_url,
        link=row.link,
        position=row.position,
        status=row.status,
        create_time=text_of(row.create_time),
        update_time=text_of(row.update_time),
    )


async def page(
    rows: BannerModel, req: ListBannerRequest
) -> tuple[list[BannerRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(req.cursor, req.sort, req.order, req.status)
    falling = req.order == "desc"
    match (req.sort, req.status):
        case ("id", None):
            return place.turned(
                await rows.list_by_id(
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("position", int() as status):
            return place.turned(
                await rows.list_by_status_position(
                    status,
                    place.opened(tuple[int, int]),
                    req.ps,
                    descending=falling,
                )
            )
    ways = "sort=id; " "sort=position with status"
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "name",
    "image_url",
    "link",
    "position",
    "status",
    "create_time",
    "update_time",
)


def lines(rows: BannerModel, req: ExportBannerRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[Banner], str]:
        asked = ListBannerRequest(
            sort=req.sort,
            order=req.order,
            status=req.status,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)


def values(req: CreateBannerRequest) -> BannerValues:
    """Return the values of a new row."""
    pairs = (
        ("name", req.name),
        ("image_url", req.image_url),
        ("link", req.link),
        ("position", req.position),
        ("status", req.status),
        ("create_time", req.create_time),
    )
    return given(BannerValues, pairs)


def changes(req: UpdateBannerRequest) -> BannerChanges:
    """Return the columns that a request changes. Raises ApiError where there is none."""
    pairs = (
        ("name", req.name),
        ("image_url", req.image_url),
        ("link", req.link),
        ("position", req.position),
        ("status", req.status),
        ("create_time", req.create_time),
    )
    found = given(BannerChanges, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request changes no field")
    return found


def marks(req: ChangeBannerRequest) -> BannerChanges:
    """Return the columns that a request sets in several rows. Raises ApiError where there is none."""
    pairs = (("status", req.status),)
    found = given(BannerChanges, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request sets no field")
    return found
