"""mallgen: a contract-first generator of Python services."""

__version__ = "0.1.0"
