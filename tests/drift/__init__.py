"""User code that follows the contract."""
