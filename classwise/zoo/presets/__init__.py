"""Presets: pretrained hashers, their table and their files."""

from classwise.zoo.presets.list_models import list_models
from classwise.zoo.presets.registry import Preset, get_preset, presets

__all__ = ["Preset", "get_preset", "list_models", "presets"]
