"""Tests of what the services of generated/ do together, as processes."""
