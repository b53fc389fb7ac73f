# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of seckill_queue."""

from seckill_queue_rmq.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of seckill_queue, read from etc/seckill_queue.yaml."""
