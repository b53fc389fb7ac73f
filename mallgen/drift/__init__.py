"""What of the user's code no longer fits the contract, and the bytes that would. Pure."""
