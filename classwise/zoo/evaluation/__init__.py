"""Evaluation of models under a protocol, and of codes from files."""
