"""The statements that lead from one schema to another, in one dialect."""
