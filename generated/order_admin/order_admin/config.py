# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of order_admin."""

from mallgen_runtime.admin import AccountsConf, PicturesConf
from mallgen_runtime.schema import field

from order_admin.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of order_admin, read from etc/order_admin.yaml."""

    accounts: AccountsConf = field(default_factory=AccountsConf)
    pictures: PicturesConf = field(default_factory=PicturesConf)
