"""How the back office lists, shows and changes category."""

from collections.abc import AsyncIterator

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, given, text_of

from product_admin.model.category_model import CategoryModel
from product_admin.model.category_model_gen import (
    CategoryChanges,
    CategoryRow,
    CategoryValues,
)
from product_admin.schemas import (
    Category,
    ChangeCategoryRequest,
    CreateCategoryRequest,
    ExportCategoryRequest,
    ListCategoryRequest,
    UpdateCategoryRequest,
)


def view(row: CategoryRow) -> Category:
    """Return a row as people see it."""
    return Category(
        id=row.id,
        parentid=row.parentid,
        name=row.name,
        status=row.status,
        create_time=text_of(row.create_time),
        update_time=text_of(row.update_time),
    )


async def page(
    rows: CategoryModel, req: ListCategoryRequest
) -> tuple[list[CategoryRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(req.cursor, req.sort, req.order, req.parentid)
    falling = req.order == "desc"
    match (req.sort, req.parentid):
        case ("id", None):
            return place.turned(
                await rows.list_by_id(
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("id", int() as parentid):
            return place.turned(
                await rows.list_by_parentid(
                    parentid,
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
    ways = "sort=id; " "sort=id with parentid"
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "parentid",
    "name",
    "status",
    "create_time",
    "update_time",
)


def lines(rows: CategoryModel, req: ExportCategoryRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[Category], str]:
        asked = ListCategoryRequest(
            sort=req.sort,
            order=req.order,
            parentid=req.parentid,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)


def values(req: CreateCategoryRequest) -> CategoryValues:
    """Return the values of a new row."""
    pairs = (
        ("parentid", req.parentid),
        ("name", req.name),
        ("status", req.status),
        ("create_time", req.create_time),
    )
    return given(CategoryValues, pairs)


def changes(req: UpdateCategoryRequest) -> CategoryChanges:
    """Return the columns that a request changes. Raises ApiError where there is none."""
    pairs = (
        ("parentid", req.parentid),
        ("name", req.name),
        ("status", req.status),
        ("create_time", req.create_time),
    )
    found = given(CategoryChanges, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request changes no field")
    return found


def marks(req: ChangeCategoryRequest) -> CategoryChanges:
    """Return the columns that a request sets in several rows. Raises ApiError where there is none."""
    pairs = (("status", req.status),)
    found = given(CategoryChanges, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request sets no field")
    return found
