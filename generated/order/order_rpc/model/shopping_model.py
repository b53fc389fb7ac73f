# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on shopping."""

from order_rpc.model.shopping_model_gen import ShoppingModelGen
from order_rpc.pb.order_pb2 import Receiver


class ShoppingModel(ShoppingModelGen):
    """The table shopping: 收货信息表"""

    async def add(self, order: str, user: int, receiver: Receiver) -> int:
        """Insert who receives an order, and return the key of the row."""
        return await self.insert(
            orderid=order,
            userid=user,
            receiver_name=receiver.name,
            receiver_mobile=receiver.mobile,
            receiver_province=receiver.province,
            receiver_city=receiver.city,
            receiver_district=receiver.district,
            receiver_address=receiver.address,
        )
