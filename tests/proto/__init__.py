"""Protos."""
