"""What scripts/build_tables.py compiled."""
