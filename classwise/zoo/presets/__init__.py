"""Presets: pretrained hashers, their table and their files."""

from classwise.zoo.presets.registry import Preset, get_preset, list_models, presets

__all__ = ["Preset", "get_preset", "list_models", "presets"]
