"""The meaning of a `.api` contract, independent of the programming language that is generated."""
