"""The data of the chains that are compared: forty orders for each user, and sixty products."""

from itertools import islice
from typing import NamedTuple

NEWEST, PLACED = 20220609123456, 1_654_749_296
NAMES = ("手机", "耳机", "键盘", "图书", "茶杯", "台灯")
PRODUCTS = {number: f"{NAMES[number % 6]} {number}" for number in range(1, 61)}


class Placed(NamedTuple):
    """An order."""

    order_id: str
    user_id: int
    product_id: int
    quantity: int
    payment: str
    status: int
    create_time: int


def page(user: int, status: int, cursor: int, size: int) -> tuple[list[Placed], bool]:
    """Return the `size` newest orders before `cursor` (0: all), and whether they are the last."""
    orders = (_placed(user, number) for number in range(40))
    found = (order for order in orders if (cursor <= 0 or order.create_time < cursor) and status in (0, order.status))
    taken = list(islice(found, size + 1))
    return taken[:size], len(taken) <= size


def _placed(user: int, number: int) -> Placed:
    quantity = 1 + number % 3
    return Placed(
        order_id=str(NEWEST - number),
        user_id=user,
        product_id=1 + number % 60,
        quantity=quantity,
        payment=f"{12.25 * quantity:.2f}",
        status=10 + number % 3 * 10,
        create_time=PLACED - number,
    )
