"""The kinds of contract that mallgen brings."""
