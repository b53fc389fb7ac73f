# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on banner."""

from product_admin.model.banner_model_gen import BannerModelGen


class BannerModel(BannerModelGen):
    """The table banner: 首页 Banner 表"""
