"""The meaning of a contract."""
