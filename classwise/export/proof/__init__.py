"""Proof that an exported file computes what its hasher computes."""
