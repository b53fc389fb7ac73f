"""Queues: consumers and producers of a service's topics, on Kafka or on the log embedded in SQLite."""
