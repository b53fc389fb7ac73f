"""Products as the contract has them."""

from collections.abc import Sequence
from enum import IntEnum

from product_rpc.model.product_model_gen import ProductRow
from product_rpc.paging import unix
from product_rpc.pb.product_pb2 import ProductItem
from product_rpc.svc import ServiceContext


class Status(IntEnum):
    """The status of a product, a banner or a category."""

    SHOWN = 1
    HIDDEN = 2


async def items(svc: ServiceContext, rows: Sequence[ProductRow]) -> list[ProductItem]:
    """Return products with the names of their categories."""
    found = await svc.category.find_many({row.cateid for row in rows})
    names = {category.id: category.name for category in found}
    return [_item(row, names.get(row.cateid, "")) for row in rows]


def _item(row: ProductRow, category: str) -> ProductItem:
    return ProductItem(
        product_id=row.id,
        name=row.name,
        description=row.subtitle,
        image_url=row.image,
        price=str(row.price),
        stock=row.stock,
        category=category,
        status=row.status,
        create_time=unix(row.create_time),
        update_time=unix(row.update_time),
    )
