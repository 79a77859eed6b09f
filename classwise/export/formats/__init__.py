"""The formats that a hasher is exported to."""
