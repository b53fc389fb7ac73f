"""A kind of contract that mallgen does not have: rows of a .csv become a module that prints them."""
