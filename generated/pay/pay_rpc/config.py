# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of pay."""

from pay_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of pay, read from etc/pay.yaml."""

    notify_secret: str
