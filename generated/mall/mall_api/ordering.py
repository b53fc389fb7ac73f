"""What an order is made of."""

from collections.abc import Sequence

from mallgen_runtime import ApiError

from mall_api.rpc.cart import CartClient, CartItemsRequest
from mall_api.rpc.order import CreateItem, Receiver
from mall_api.rpc.product import ProductClient, ProductRequest
from mall_api.rpc.user import AddressesRequest, UserClient


async def receiver_at(users: UserClient, user: int, number: int) -> Receiver:
    """Return an address of a user as order.rpc keeps it. Raises a 404 where there is none."""
    for one in (await users.addresses(AddressesRequest(user_id=user))).addresses:
        if one.address_id == number:
            return Receiver(
                name=one.name,
                mobile=one.phone,
                province=one.province,
                city=one.city,
                district=one.district,
                address=one.detail,
            )
    raise ApiError(404, "not_found", f"there is no address {number}")


async def wanted_items(
    carts: CartClient, products: ProductClient, user: int, numbers: Sequence[int]
) -> list[CreateItem]:
    """Return products with their prices of now and their quantities in a user's cart.

    Raises a 409 for a product that is not there.
    """
    cart = await carts.cart_items(CartItemsRequest(user_id=user))
    counts = {item.product_id: item.quantity for item in cart.items}
    found = (await products.products(ProductRequest(ids=numbers))).products
    missing = [n for n in numbers if n not in counts or n not in found]
    if missing:
        raise ApiError(409, "not_in_cart", f"product {missing[0]} is not in the cart")
    return [
        CreateItem(
            product_id=number,
            quantity=counts[number],
            price=found[number].price,
            name=found[number].name,
            image_url=found[number].image_url,
        )
        for number in dict.fromkeys(numbers)
    ]
