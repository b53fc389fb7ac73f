"""Tests of the runtime's databases."""
