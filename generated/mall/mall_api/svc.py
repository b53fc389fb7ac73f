"""What the logic of mall-api works with."""

from mall_api.config import Config
from mall_api.images import Images
from mall_api.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.images = Images(config.image_folder)
