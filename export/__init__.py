"""Exports: one graph from uint8 images to packed codes, in the format of every runtime, proven."""

from importlib import import_module

# Public names and the modules that hold them. They load on first use, so that the command line
# starts without NumPy and TensorFlow.
_LOCATIONS = {
    "ExportReport": "classwise.export.report",
    "Parity": "classwise.export.parity",
    "ParityError": "classwise.export.parity",
    "PrecisionError": "classwise.export.precision",
    "PrecisionReport": "classwise.export.precision",
    "compare_precision": "classwise.export.precision",
    "preset_facts": "classwise.export.onnx_metadata",
    "to_litert": "classwise.export.litert_file",
    "to_onnx": "classwise.export.onnx_file",
    "to_saved_model": "classwise.export.saved_model",
    "verify": "classwise.export.verification",
}

__all__ = sorted(_LOCATIONS)


def __getattr__(name):
    if name not in _LOCATIONS:
        raise AttributeError(f"module 'classwise.export' has no attribute '{name}'")
    return getattr(import_module(_LOCATIONS[name]), name)


def __dir__():
    return __all__
