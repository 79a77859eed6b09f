"""Maintainers' scripts: presets, trunks, cards, tables and pictures. No part of the wheel."""
