# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""The settings of product_admin."""

from mallgen_runtime.admin import AccountsConf, PicturesConf
from mallgen_runtime.schema import field

from product_admin.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of product_admin, read from etc/product_admin.yaml."""

    accounts: AccountsConf = field(default_factory=AccountsConf)
    pictures: PicturesConf = field(default_factory=PicturesConf)
