"""The settings of mall-api."""

from mall_api.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of mall-api, read from etc/mall-api.yaml."""

    image_folder: str = "data/images"  # of the images of comments
