"""Codes at work: an index of images, its search, and near duplicates."""
