"""Reports of evaluations: pages that can be read offline, and their figures."""
