"""Fitting of hashers to photos without labels: clusters serve as classes."""
