"""The settings of chat."""

from chat_rpc.wiring import BaseConfig


class Config(BaseConfig, kw_only=True):
    """Settings of chat, read from etc/chat.yaml."""
