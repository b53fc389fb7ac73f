"""What the logic of order works with."""

from order_rpc.config import Config
from order_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""
