"""From a contract to files."""
