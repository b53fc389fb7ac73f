# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of user."""

from user_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of user, read from etc/user.yaml."""
