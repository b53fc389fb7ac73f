# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on orderitem."""

from order_admin.model.orderitem_model_gen import OrderitemModelGen


class OrderitemModel(OrderitemModelGen):
    """The table orderitem: 订单明细表"""
