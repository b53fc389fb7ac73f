"""From paths to contracts: reading within the borders of the repository, and rewriting for fix and format. An edge."""
