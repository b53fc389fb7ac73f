# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on category."""

from product_admin.model.category_model_gen import CategoryModelGen


class CategoryModel(CategoryModelGen):
    """The table category: 商品分类表"""
