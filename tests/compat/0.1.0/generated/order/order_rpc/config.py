"""The settings of order."""

from order_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of order, read from etc/order.yaml."""
