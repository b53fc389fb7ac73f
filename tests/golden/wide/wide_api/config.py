# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of wide-api."""

from wide_api.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of wide-api, read from etc/wide-api.yaml."""
