"""Orders in memory: forty for every user but 0, who has none; those of user 404 are for a product that is gone."""

from itertools import islice
from typing import NamedTuple

NEWEST, PLACED = 20220609123456, 1_654_749_296  # 2022-06-09 12:34:56 +08:00
GONE = 999


class Order(NamedTuple):
    order_id: str
    user_id: int
    product_id: int
    quantity: int
    payment: float
    status: int
    create_time: int


class Store:
    def page(
        self, user_id: int, status: int, cursor: int, ps: int
    ) -> tuple[list[Order], bool]:
        """The `ps` newest orders before `cursor` (0: all), and whether they are the last."""
        orders = (_order(user_id, n) for n in range(40 if user_id else 0))
        found = (
            order
            for order in orders
            if (cursor <= 0 or order.create_time < cursor)
            and status in (0, order.status)
        )
        taken = list(islice(found, ps + 1))
        return taken[:ps], len(taken) <= ps


def _order(user_id: int, number: int) -> Order:
    quantity = 1 + number % 3
    return Order(
        order_id=str(NEWEST - number),
        user_id=user_id,
        product_id=GONE if user_id == 404 else 1 + number % 60,
        quantity=quantity,
        payment=12.25 * quantity,
        status=10 + number % 3 * 10,
        create_time=PLACED - number,
    )
