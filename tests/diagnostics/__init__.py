"""Messages and their pages."""
