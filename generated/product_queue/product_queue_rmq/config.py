# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of product_queue."""

from product_queue_rmq.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of product_queue, read from etc/product_queue.yaml."""
