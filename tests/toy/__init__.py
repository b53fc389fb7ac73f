"""A kind of contract that mallgen does not have: the rows of a .csv become a module that prints them."""
