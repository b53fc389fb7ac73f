# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on flashsale."""

from product_rpc.model.flashsale_model_gen import FlashsaleModelGen


class FlashsaleModel(FlashsaleModelGen):
    """The table flashsale: 限时抢购表"""
