"""What the back office does with each table, and the trail of it."""
