# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orders."""

from order_rpc.model.orders_model_gen import OrdersModelGen


class OrdersModel(OrdersModelGen):
    """The table orders: 订单表"""
