# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of reply."""

from reply_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of reply, read from etc/reply.yaml."""
