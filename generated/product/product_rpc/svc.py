"""What the logic of product works with."""

from product_rpc.config import Config
from product_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""
