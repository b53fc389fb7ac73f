# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of order_queue."""

from order_queue_rmq.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of order_queue, read from etc/order_queue.yaml."""

    pay_timeout: int = 1800  # seconds in which an order is to be paid
