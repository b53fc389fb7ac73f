"""The settings of product."""

from product_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of product, read from etc/product.yaml."""
