"""The shop's data in memory: sixty products, forty comments, one cart per user."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mall_api.schemas import Banner, CartProduct, Comment, Image, Product, User

CART_LIMIT = 200
START = 1_655_000_000
NAMES = ("手机", "耳机", "键盘", "图书", "茶杯", "台灯")
CATEGORIES = ("数码", "家居")
T = TypeVar("T")


def page(
    items: Sequence[T], key: Callable[[T], int], cursor: int, ps: int
) -> tuple[list[T], int, bool]:
    """The `ps` items below `cursor` (0: from the top); the last one's key; is_end."""
    ordered = sorted(items, key=key, reverse=True)
    rest = [item for item in ordered if cursor <= 0 or key(item) < cursor]
    taken = rest[:ps]
    return taken, key(taken[-1]) if taken else 0, len(rest) <= ps


def _product(number: int) -> Product:
    return Product(
        id=number,
        name=f"{NAMES[number % 6]} {number}",
        description=f"商品 {number} 的描述",
        price=round(9.9 + number * 3.5, 2),
        stock=1000 - number,
        category=CATEGORIES[number % 2],
        status=1,
        create_time=START + number,
        update_time=START + number,
    )


def _comment(product_id: int, number: int) -> Comment:
    return Comment(
        id=number,
        product_id=product_id,
        content=f"第 {number} 条评论",
        images=[Image(id=number, url=f"/comment/{number}.png")],
        user=User(id=7, name="小明", avatar="/avatar/7.png"),
        create_time=START + number,
        update_time=START + number,
    )


class Store:
    def __init__(self) -> None:
        self.products = [_product(n) for n in range(1, 61)]
        self.banners = [Banner(id=1, name="618", image_url="/img/618.png", link="/p/1")]

    def cart(self, uid: int) -> list[CartProduct]:
        goods = [self.products[n % 60] for n in range(min(uid, CART_LIMIT))]
        return [CartProduct(product=item, count=1) for item in goods]

    def comments(self, product_id: int) -> list[Comment]:
        return [_comment(product_id, n) for n in range(1, 41)]
