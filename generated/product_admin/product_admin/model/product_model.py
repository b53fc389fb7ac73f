# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on product."""

from product_admin.model.product_model_gen import ProductModelGen


class ProductModel(ProductModelGen):
    """The table product: 商品表"""
