# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on flashsaleitem."""

from product_rpc.model.flashsaleitem_model_gen import FlashsaleitemModelGen


class FlashsaleitemModel(FlashsaleitemModelGen):
    """The table flashsaleitem: 限时抢购商品表"""
