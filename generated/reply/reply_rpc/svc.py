# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What the logic of reply works with."""

from reply_rpc.config import Config
from reply_rpc.wiring import BaseContext


class ServiceContext(BaseContext[Config]):
    """Made once per process; `self.config` holds the settings."""
