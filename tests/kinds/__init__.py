"""Kinds of contract."""
