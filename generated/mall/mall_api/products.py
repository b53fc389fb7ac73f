"""Products of product.rpc as the BFF answers with them."""

from mallgen_runtime import ApiError

from mall_api.rpc.product import ProductClient, ProductItem, ProductRequest
from mall_api.schemas import Product

ON_SALE = 1


async def one_product(client: ProductClient, number: int) -> ProductItem:
    """Return a product of product.rpc. Raises a 404 where there is none."""
    found = (await client.products(ProductRequest(ids=[number]))).products
    if number not in found:
        raise ApiError(404, "not_found", f"there is no product {number}")
    return found[number]


def product(item: ProductItem) -> Product:
    """Return a product of product.rpc as the contract of the BFF has it."""
    return Product(
        id=item.product_id,
        name=item.name,
        description=item.description,
        price=item.price,
        stock=item.stock,
        category=item.category,
        status=item.status,
        create_time=item.create_time,
        update_time=item.update_time,
    )
