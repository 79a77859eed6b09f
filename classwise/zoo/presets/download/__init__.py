"""Fetching of preset files: mirrors, cache, download."""
