"""What a contract means, in no programming language."""
