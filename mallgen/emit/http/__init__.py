"""HTTP services of .api contracts."""
