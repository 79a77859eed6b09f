"""Cards of presets and trunks, and the page of the whole zoo."""
