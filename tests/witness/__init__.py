"""Tests of witnesses, with the generated code of both versions in real processes."""
