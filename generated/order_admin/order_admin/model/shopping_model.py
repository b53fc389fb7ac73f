# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on shopping."""

from order_admin.model.shopping_model_gen import ShoppingModelGen


class ShoppingModel(ShoppingModelGen):
    """The table shopping: 收货信息表"""
