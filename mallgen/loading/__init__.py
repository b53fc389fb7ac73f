"""From paths to contracts: what is read, within which borders, and written back by fix and format. An edge."""
