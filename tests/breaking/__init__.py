"""Tests of `mallgen breaking`."""
