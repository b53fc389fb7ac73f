"""Sixty products in memory."""

NAMES = ("手机", "耳机", "键盘", "图书", "茶杯", "台灯")


class Store:
    def __init__(self) -> None:
        self.names = {number: f"{NAMES[number % 6]} {number}" for number in range(1, 61)}
        self.names[1] = "测试商品名称"
