"""Contracts and logic of new admin services, made of tables."""
