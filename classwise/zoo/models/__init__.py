"""The models: hashers, what trains them, and the reading of their files."""
