# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on cart."""

from cart_rpc.model.cart_model_gen import CartModelGen


class CartModel(CartModelGen):
    """The table cart: 购物车表"""
