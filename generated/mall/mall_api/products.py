"""Products of product.rpc as the BFF answers with them."""

from mall_api.rpc.product import ProductItem
from mall_api.schemas import Product


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
