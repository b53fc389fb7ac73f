# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of seckill."""

from seckill_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of seckill, read from etc/seckill.yaml."""
