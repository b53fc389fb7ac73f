"""Orders as the contract has them."""

from collections.abc import Sequence

from order_rpc.model.orderitem_model_gen import OrderitemRow
from order_rpc.model.orders_model_gen import OrdersRow
from order_rpc.paging import unix
from order_rpc.pb.order_pb2 import OrderItem


def item(order: OrdersRow, goods: Sequence[OrderitemRow]) -> OrderItem:
    """Return an order with the sums of its goods."""
    return OrderItem(
        order_id=order.id,
        user_id=order.userid,
        status=order.status,
        payment=str(order.payment),
        total_price=str(sum(one.totalprice for one in goods)),
        quantity=sum(one.quantity for one in goods),
        product_id=goods[0].proid if goods else 0,
        create_time=unix(order.create_time),
    )
