"""Attacks on a service by a hostile peer, and their effect on other clients."""
