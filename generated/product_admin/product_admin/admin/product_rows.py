"""How the back office lists, shows and changes product."""

from collections.abc import AsyncIterator
from datetime import datetime

from mallgen_runtime import ApiError
from mallgen_runtime.admin import PagePlace, csv_lines, given, text_of

from product_admin.model.product_model import ProductModel
from product_admin.model.product_model_gen import (
    ProductChanges,
    ProductRow,
    ProductValues,
)
from product_admin.schemas import (
    ChangeProductRequest,
    CreateProductRequest,
    ExportProductRequest,
    ListProductRequest,
    Product,
    UpdateProductRequest,
)


def view(row: ProductRow) -> Product:
    """Return a row as people see it."""
    return Product(
        id=row.id,
        cateid=row.cateid,
        name=row.name,
        subtitle=row.subtitle,
        image=row.image,
        images=row.images,
        detail=row.detail,
        price=text_of(row.price),
        stock=row.stock,
        sales=row.sales,
        status=row.status,
        recommend_time=text_of(row.recommend_time),
        create_time=text_of(row.create_time),
        update_time=text_of(row.update_time),
    )


async def page(
    rows: ProductModel, req: ListProductRequest
) -> tuple[list[ProductRow], str]:
    """Return a page of the rows that a request asks for, and the cursor of the next."""
    place = PagePlace(req.cursor, req.sort, req.order, req.cateid, req.status)
    falling = req.order == "desc"
    match (req.sort, req.cateid, req.status):
        case ("id", None, None):
            return place.turned(
                await rows.list_by_id(
                    place.single(int),
                    req.ps,
                    descending=falling,
                )
            )
        case ("recommend_time", None, int() as status):
            return place.turned(
                await rows.list_by_status_recommend_time(
                    status,
                    place.opened(tuple[datetime, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("create_time", None, int() as status):
            return place.turned(
                await rows.list_by_status_create_time(
                    status,
                    place.opened(tuple[datetime, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("sales", None, int() as status):
            return place.turned(
                await rows.list_by_status_sales(
                    status,
                    place.opened(tuple[int, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("create_time", int() as cateid, int() as status):
            return place.turned(
                await rows.list_by_cateid_status_create_time(
                    cateid,
                    status,
                    place.opened(tuple[datetime, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("sales", int() as cateid, int() as status):
            return place.turned(
                await rows.list_by_cateid_status_sales(
                    cateid,
                    status,
                    place.opened(tuple[int, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("stock", None, int() as status):
            return place.turned(
                await rows.list_by_status_stock(
                    status,
                    place.opened(tuple[int, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("stock", int() as cateid, int() as status):
            return place.turned(
                await rows.list_by_cateid_status_stock(
                    cateid,
                    status,
                    place.opened(tuple[int, int]),
                    req.ps,
                    descending=falling,
                )
            )
        case ("update_time", None, None):
            return place.turned(
                await rows.list_by_update_time(
                    place.opened(tuple[datetime, int]),
                    req.ps,
                    descending=falling,
                )
            )
    ways = (
        "sort=id; "
        "sort=recommend_time with status; "
        "sort=create_time with status; "
        "sort=sales with status; "
        "sort=create_time with cateid, status; "
        "sort=sales with cateid, status; "
        "sort=stock with status; "
        "sort=stock with cateid, status; "
        "sort=update_time"
    )
    raise ApiError(400, "no_such_list", f"no index serves this: {ways}")


COLUMNS = (
    "id",
    "cateid",
    "name",
    "subtitle",
    "image",
    "images",
    "detail",
    "price",
    "stock",
    "sales",
    "status",
    "recommend_time",
    "create_time",
    "update_time",
)


def lines(rows: ProductModel, req: ExportProductRequest) -> AsyncIterator[bytes]:
    """Return the rows that a request asks for as lines of CSV."""

    async def more(cursor: str) -> tuple[list[Product], str]:
        asked = ListProductRequest(
            sort=req.sort,
            order=req.order,
            cateid=req.cateid,
            status=req.status,
            cursor=cursor,
            ps=500,
        )
        found, following = await page(rows, asked)
        return [view(row) for row in found], following

    return csv_lines(COLUMNS, more)


def values(req: CreateProductRequest) -> ProductValues:
    """Return the values of a new row."""
    pairs = (
        ("cateid", req.cateid),
        ("name", req.name),
        ("subtitle", req.subtitle),
        ("image", req.image),
        ("images", req.images),
        ("detail", req.detail),
        ("price", req.price),
        ("stock", req.stock),
        ("sales", req.sales),
        ("status", req.status),
        ("recommend_time", req.recommend_time),
        ("create_time", req.create_time),
    )
    return given(ProductValues, pairs)


def changes(req: UpdateProductRequest) -> ProductChanges:
    """Return the columns that a request changes. Raises ApiError where there is none."""
    pairs = (
        ("cateid", req.cateid),
        ("name", req.name),
        ("subtitle", req.subtitle),
        ("image", req.image),
        ("images", req.images),
        ("detail", req.detail),
        ("price", req.price),
        ("stock", req.stock),
        ("sales", req.sales),
        ("status", req.status),
        ("recommend_time", req.recommend_time),
        ("create_time", req.create_time),
    )
    found = given(ProductChanges, pairs, req.clear)
    if not found:
        raise ApiError(400, "no_change", "the request changes no field")
    return found


def marks(req: ChangeProductRequest) -> ProductChanges:
    """Return the columns that a request sets in several rows. Raises ApiError where there is none."""
    pairs = (("status", req.status),)
    found = given(ProductChanges, pairs)
    if not found:
        raise ApiError(400, "no_change", "the request sets no field")
    return found
