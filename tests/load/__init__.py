"""A service under more load than it can carry, restarted under load, and under half its load for long."""
