# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of cart."""

from cart_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of cart, read from etc/cart.yaml."""
