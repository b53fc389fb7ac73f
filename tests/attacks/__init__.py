"""What a hostile peer does to a service, and what becomes of the others."""
