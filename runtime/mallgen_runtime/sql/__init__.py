"""A service's database: pool, transactions, and the base of the generated models."""
