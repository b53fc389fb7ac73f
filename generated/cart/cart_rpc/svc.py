# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What the logic of cart works with."""

from cart_rpc.config import Config
from cart_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""
